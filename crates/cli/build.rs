//! Builds the program anew when a bundled model package has changed.

fn main() {
    println!("cargo:rerun-if-changed=../../models");
}
