//! The allocator of the whole program, and how soon it gives memory back.

use std::ffi::{c_int, c_long};

/// The system's allocator keeps what many threads once needed for the hashing of passwords. Without transparent huge
/// pages: with them a small heap that is spread over its arena takes three times its size.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of the C library, which the crate leaves without a name.
const PURGE_DELAY: c_int = 15;
/// The library waits ten times that for large blocks. Its own choice, 10, keeps what a burst of uploads has left.
const PURGE_DELAY_MS: c_long = 1;

/// Has what is free go back to the system almost at once. Called first of all in `main`.
#[expect(unsafe_code, reason = "the crate has no safe way to set an option; the call stores one number")]
pub(crate) fn give_back_early() {
    // SAFETY: the option exists in the library that the lock file pins (the test below), and any number is valid for it.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, PURGE_DELAY_MS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "reads the option back")]
    fn the_option_is_the_delay() {
        // SAFETY: reads one number.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        // The library's own choice, which no option beside it has.
        assert_eq!(delay(), 10);
        give_back_early();
        assert_eq!(delay(), PURGE_DELAY_MS);
    }
}
