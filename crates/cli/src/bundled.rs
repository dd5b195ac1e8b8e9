//! The model packages that come inside this program, so that it works wherever it is copied to.

use dk_infer::package::Root;
use include_dir::{Dir, include_dir};

static MODELS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../models");

/// The packages inside this program.
pub(crate) fn root() -> Root {
    let mut files = Vec::new();
    collect(&MODELS, &mut files);
    Root::Bundled(files)
}

fn collect(folder: &Dir<'static>, files: &mut Vec<(String, &'static [u8])>) {
    for file in folder.files() {
        if let Some(path) = file.path().to_str() {
            files.push((path.to_owned(), file.contents()));
        }
    }
    folder.dirs().for_each(|inner| collect(inner, files));
}
