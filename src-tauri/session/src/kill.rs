//! `reprise-session kill`: ends a project's session.

use reprise_core::model::TerminalKey;
use reprise_core::session::hosts::Hosts;

use crate::projects::{CommandError, NamedStore, folders, live_terminal};

/// Ends the session that the word means, politely at first, and waits until it is gone.
///
/// # Errors
/// [`CommandError`].
pub fn kill(store: &NamedStore, word: &str, terminal: TerminalKey) -> Result<(), CommandError> {
    let folders = folders()?;
    let status = live_terminal(store, &folders, word, terminal)?;
    Hosts::new(folders).close(status.project, status.terminal)?;
    println!("{terminal} of {} has ended.", status.name.escape_debug());
    Ok(())
}
