//! What the window can ask for, one file per area. Each command is a thin function: it reads
//! its arguments, calls what does the work on a thread where it may block, and turns the
//! outcome into plain data.

pub mod desktop;
pub mod files;
pub mod lines;
pub mod milestones;
pub mod preferences;
pub mod projects;
pub mod queue;
pub mod runs;
pub mod sessions;
pub mod store;
pub mod terminals;
pub mod window;

use reprise_core::model::{ProjectId, TerminalKey};

use crate::error::AppError;

/// Which terminal the window means.
fn terminal_of(project: &str, terminal: &str) -> Result<(ProjectId, TerminalKey), AppError> {
    let project = project.parse().map_err(AppError::from)?;
    Ok((project, terminal.parse().map_err(AppError::from)?))
}
