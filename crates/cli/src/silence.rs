//! Nobody is told that this program runs.

use dk_infer::engine::NO_REPORTS;

/// Keeps libraries from reporting to their makers. Called first of all in `main`.
#[expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "the library has no other switch that is early enough"
)]
pub(crate) fn keep() {
    // SAFETY: nothing was called before, so there is no other thread that could read the environment.
    unsafe { std::env::set_var(NO_REPORTS, "1") }
}
