//! Taking a secret out of this process's environment, before it is anybody else's.

// Changing the environment is unsafe in general, since other threads may be reading it; here
// there are none.
#![allow(unsafe_code)]

use std::ffi::{CStr, OsString};

/// Takes a variable: it is gone from the environment of this process and of all that it starts,
/// and what the system shows of it (`/proc/<pid>/environ`, a core dump) holds zeros instead of
/// the value. Must be called before there is a second thread: first thing in `main`.
pub fn take(name: &CStr) -> Option<OsString> {
    let key = name.to_str().ok()?;
    let value = std::env::var_os(key)?;
    #[cfg(unix)]
    // SAFETY: this process has one thread. The pointer is that of the value in the environment,
    // which ends with a zero, belongs to this process and can be written to.
    unsafe {
        let stored = libc::getenv(name.as_ptr());
        if !stored.is_null() {
            stored.write_bytes(0, libc::strlen(stored));
        }
    }
    // SAFETY: as above.
    unsafe { std::env::remove_var(key) };
    Some(value)
}
