//! `reprise-session list`: the live terminals.

use jiff::Timestamp;
use reprise_core::model::{ClaudeSessionId, ProjectId, TerminalKey};
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::HostStatus;
use serde::Serialize;

use crate::projects::{CommandError, fold_journals, folders};

/// One terminal in `list --json`.
#[derive(Debug, Serialize)]
struct Row {
    project_id: ProjectId,
    terminal: TerminalKey,
    name: String,
    workspace: String,
    /// The state's word; `unknown` for a host that does not answer.
    state: &'static str,
    host_pid: u32,
    /// The process in the terminal, for `claude`.
    claude_pid: Option<u32>,
    claude_session_id: Option<ClaudeSessionId>,
    cols: u16,
    rows: u16,
    started_at: Timestamp,
    clients: usize,
}

impl From<HostStatus> for Row {
    fn from(status: HostStatus) -> Self {
        Self {
            project_id: status.project,
            terminal: status.terminal,
            name: status.name,
            workspace: status.workspace,
            state: status.state.word(),
            host_pid: status.host_pid,
            claude_pid: (status.terminal == TerminalKey::Claude)
                .then_some(status.claude_pid.unwrap_or(status.program_pid)),
            claude_session_id: status.session_id,
            cols: status.size.cols,
            rows: status.size.rows,
            started_at: status.started_at,
            clients: status.clients,
        }
    }
}

/// Prints the live terminals, as a table or as JSON.
///
/// # Errors
/// [`CommandError`].
pub fn list(json: bool) -> Result<(), CommandError> {
    let folders = folders()?;
    fold_journals(&folders);
    let mut rows = Vec::new();
    for live in Hosts::new(folders).list() {
        match live.status {
            Ok(status) => rows.push(Row::from(*status)),
            // One host that hangs must not hide the others.
            Err(error) => eprintln!(
                "reprise-session: {} of {}: {error}",
                live.terminal, live.project
            ),
        }
    }
    if json {
        println!(
            "{}",
            serde_json::to_string_pretty(&rows).map_err(std::io::Error::from)?
        );
    } else {
        print_table(&rows);
    }
    Ok(())
}

fn print_table(rows: &[Row]) {
    if rows.is_empty() {
        println!("No session runs.");
        return;
    }
    let name_width = rows
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0);
    for row in rows {
        let id = row
            .claude_session_id
            .as_ref()
            .map_or("", ClaudeSessionId::short);
        println!(
            "{:<name_width$}  {:<8}  {:<10}  {:<8}  {}",
            row.name.escape_debug().to_string(),
            row.terminal.to_string(),
            row.state,
            id,
            row.workspace.escape_debug(),
        );
    }
}
