//! The program tells nobody that it ran.

use dk_infer::engine::libraries_in;

use crate::media::{DARK, bmp};
use crate::package::Package;
use crate::support::{Home, checkout, finish};

#[test]
fn onnxruntime_leaves_no_report_for_its_makers() {
    let Some(library) = libraries_in(&checkout().join(".drishtiksha/lib")).into_iter().next() else {
        println!("skipped: the library of ONNX Runtime is not in the checkout's data folder (make setup)");
        return;
    };
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    let mut command = home.command(["analyze", "--quiet", "dark.bmp"]);
    command.env("DRISHTIKSHA_ENGINE", "ort").env("ORT_DYLIB_PATH", &library);
    // Reports wait in the cache of the person until they are sent. Whoever wants them is not asked.
    let person = home.path("scratch");
    command
        .env("HOME", &person)
        .env("XDG_CACHE_HOME", person.join("cache"))
        .env("ORT_DISABLE_TELEMETRY", "0");
    let outcome = finish(command);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert_eq!(home.everything_in("scratch"), [""; 0]);
}
