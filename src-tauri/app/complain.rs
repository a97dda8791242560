//! Complaints on standard error, where there is one: `eprintln!` would panic on a closed pipe
//! or a full disk and take the task with it.

use std::fmt::Arguments;
use std::io::Write;

/// Writes one line, or nothing where it cannot be written.
pub fn complain(what: Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "reprise: {what}");
}
