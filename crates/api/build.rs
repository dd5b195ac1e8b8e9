//! Has a release build notice new files of the web app, which it takes into the binary. Other builds read them from
//! the folder and need not be built again.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rerun-if-changed=../../web/dist");
    }
}
