//! Waiting for something to be so, with a deadline.

use std::time::{Duration, Instant};

/// What happens inside one program: a key shown, a state changed.
pub const QUICK: Duration = Duration::from_secs(10);
/// What starts programs: a window, a claude.
pub const SLOW: Duration = Duration::from_secs(60);

/// The pause between two looks. It decides no result: only the deadline does.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Looks until there is an answer and returns it.
///
/// # Panics
/// After `deadline`, with what was waited for and the last reason why it was not so.
#[track_caller]
pub fn wait_for<T>(
    what: &str,
    deadline: Duration,
    mut look: impl FnMut() -> Result<T, String>,
) -> T {
    match within(deadline, &mut look) {
        Ok(answer) => answer,
        Err(reason) => panic!("waited {deadline:?} for {what}: {reason}"),
    }
}

/// The same for one try of several: after `deadline` it returns the last reason.
pub fn within<T>(
    deadline: Duration,
    mut look: impl FnMut() -> Result<T, String>,
) -> Result<T, String> {
    let started = Instant::now();
    loop {
        match look() {
            Err(_) if started.elapsed() <= deadline => std::thread::sleep(LOOK_EVERY),
            answer => return answer,
        }
    }
}
