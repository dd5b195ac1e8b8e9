//! Nobody is told that this program runs.

use dk_infer::engine::NO_REPORTS;

/// Keeps libraries from reporting to their makers. Called first of all in `main`.
#[expect(unsafe_code, reason = "the environment may only change while there is one thread")]
pub(crate) fn keep() {
    // SAFETY: nothing was called before, so there is no other thread that could read the environment.
    unsafe { std::env::set_var(NO_REPORTS, "1") }
}
