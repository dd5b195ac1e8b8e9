//! Signs the test files of `testdata/provenance`; called by `tools/provenance/make.py`. Not part of the program.
//!
//! `sign CERTS KEY MIME IN OUT MANIFEST [PARENT…]`: certificates and key in PEM, the manifest as JSON text, parents as
//! `relationship=path`.

use std::error::Error;
use std::fs::{self, File};
use std::io::Cursor;

use c2pa::{Builder, Context, SigningAlg, create_signer};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [certs, key, mime, from, to, manifest, parts @ ..] = args.as_slice() else {
        return Err("expected: CERTS KEY MIME IN OUT MANIFEST [RELATIONSHIP=PATH…]".into());
    };
    let signer = create_signer::from_keys(&fs::read(certs)?, &fs::read(key)?, SigningAlg::Es256, None)?;
    let context = Context::new().with_settings(r#"{"verify":{"verify_after_sign":false}}"#)?;
    let mut builder = Builder::from_context(context).with_definition(manifest.as_str())?;
    for (number, part) in parts.iter().enumerate() {
        let (relationship, path) = part.split_once('=').ok_or("expected RELATIONSHIP=PATH")?;
        let named = format!(
            r#"{{"title":"part {number}","relationship":"{relationship}","instance_id":"xmp:iid:part-{number}"}}"#
        );
        builder.add_ingredient_from_stream(named, mime, &mut File::open(path)?)?;
    }
    let mut signed = Cursor::new(Vec::new());
    builder.sign(signer.as_ref(), mime, &mut Cursor::new(fs::read(from)?), &mut signed)?;
    fs::write(to, signed.into_inner())?;
    Ok(())
}
