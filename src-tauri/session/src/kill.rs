//! `reprise-session kill`: ends a project's session.

use reprise_core::session::hosts::Hosts;

use crate::projects::{CommandError, folders, live_session};

/// Ends the session that the word means, politely at first, and waits until it is gone.
///
/// # Errors
/// [`CommandError`].
pub fn kill(word: &str) -> Result<(), CommandError> {
    let folders = folders()?;
    let status = live_session(&folders, word)?;
    Hosts::new(folders).close(status.project, status.terminal)?;
    println!("The session of {} has ended.", status.name.escape_debug());
    Ok(())
}
