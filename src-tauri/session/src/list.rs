//! `reprise-session list`: the live terminals.

use jiff::Timestamp;
use reprise_core::model::{Ask, ClaudeSessionId, ProjectId, TerminalKey};
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::HostStatus;
use reprise_core::session::queue::{CommandState, QueuedCommand};
use serde::Serialize;

use crate::projects::{CommandError, NamedStore, fold_journals, folders};

/// One terminal in `list --json`.
#[derive(Debug, Serialize)]
struct Row {
    project_id: ProjectId,
    terminal: TerminalKey,
    name: String,
    workspace: String,
    /// The state's word; `unknown` for a host that does not answer.
    state: &'static str,
    /// Since when, as ISO 8601.
    since: Timestamp,
    /// Whether sub-agents or background tasks go on: an idle with this is not the end.
    background: bool,
    /// What a permission prompt or a question is about.
    ask: Option<Ask>,
    /// The commands that wait to be typed, are being typed, or were not delivered.
    queue: Vec<QueuedCommand>,
    /// Whether this is an unattended run.
    unattended: bool,
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
            since: status.since,
            background: status.background,
            ask: status.ask,
            queue: status
                .queue
                .into_iter()
                .filter(|command| !matches!(command.state, CommandState::Delivered { .. }))
                .collect(),
            unattended: status.run.is_some(),
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
pub fn list(store: &NamedStore, json: bool) -> Result<(), CommandError> {
    let folders = folders()?;
    fold_journals(store, &folders);
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
        print_table(&rows, Timestamp::now());
    }
    Ok(())
}

fn print_table(rows: &[Row], now: Timestamp) {
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
            "{:<name_width$}  {:<8}  {:<10}  {:<7}  {:<8}  {}",
            row.name.escape_debug().to_string(),
            row.terminal.to_string(),
            row.state,
            ago(now, row.since),
            id,
            row.workspace.escape_debug(),
        );
    }
}

/// How long ago, in its largest unit.
fn ago(now: Timestamp, since: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(since.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_in_its_largest_unit() {
        let now = Timestamp::from_second(1_795_000_000).unwrap();
        let told = |seconds: i64| {
            ago(
                now,
                Timestamp::from_second(1_795_000_000 - seconds).unwrap(),
            )
        };
        for (seconds, text) in [
            (-5, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7199, "1 h"),
            (200_000, "2 d"),
        ] {
            assert_eq!(told(seconds), text);
        }
    }
}
