//! `reprise-session send`: types a command into a project's session, when that can be done
//! safely, and says what became of it.

use std::time::{Duration, Instant};

use reprise_core::model::TerminalKey;
use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::{HostStatus, Reply, Request};
use reprise_core::session::queue::{
    CommandId, CommandState, CommandWait, NewCommand, QueueRequest,
};

use crate::projects::{CommandError, folders, live_terminal};

/// Puts the text into the queue of the project's session and waits until it was delivered.
/// After `wait` one that is not being sent is taken out again.
///
/// # Errors
/// [`CommandError`]: the command did not arrive, or nothing shows that it did.
pub fn send(project: &str, text: String, wait: Duration) -> Result<(), CommandError> {
    let folders = folders()?;
    let live = live_terminal(&folders, project, TerminalKey::Claude)?;
    let lock = Hosts::new(folders).lock(live.project, TerminalKey::Claude);
    let mut host = BlockingConnection::open(&lock).map_err(|error| gone(error, project))?;
    let command = NewCommand {
        id: CommandId::generate(),
        text,
        about: None,
    };
    let id = command.id;
    let answer = host
        .queue(&QueueRequest::Add(command))
        .map_err(|error| gone(error, project))?;
    if let Some(refused) = answer.refused {
        return Err(CommandError::NotSent(refused.message));
    }
    host.send(&Request::Watch)?;
    let until = Instant::now() + wait;
    let mut waits_for = CommandWait::Idle;
    loop {
        match receive_before(&mut host, until) {
            Ok(Some(Reply::Status(status))) => match state_of(&status, id) {
                Some(CommandState::Delivered { .. }) => return Ok(()),
                Some(CommandState::NotDelivered { message, .. }) => {
                    return Err(CommandError::NotSent(message));
                }
                Some(CommandState::Waiting { wait }) => waits_for = wait,
                Some(CommandState::Sending) => {}
                None => {
                    return Err(CommandError::NotSent(
                        "it was taken out of the queue".into(),
                    ));
                }
            },
            Ok(Some(Reply::Ended(_))) => return Err(CommandError::HostGone),
            Ok(Some(_)) => {}
            Ok(None) if Instant::now() >= until => {
                let taken_out = host.queue(&QueueRequest::Cancel { id })?;
                if taken_out.refused.is_none() {
                    return Err(CommandError::NotSent(format!(
                        "{}; it was taken out of the queue after {} s",
                        why(waits_for),
                        wait.as_secs()
                    )));
                }
                // It is being sent at this very moment: that ends by itself. Its end may have
                // been told while the answer was waited for.
                host.send(&Request::Watch)?;
            }
            Ok(None) => {}
            Err(error) => return Err(gone(error, project)),
        }
    }
}

/// The next reply, or none when there was none for a while.
fn receive_before(
    host: &mut BlockingConnection,
    until: Instant,
) -> Result<Option<Reply>, ClientError> {
    let left = until.saturating_duration_since(Instant::now());
    host.receive_within(left.clamp(Duration::from_millis(100), Duration::from_secs(5)))
}

fn state_of(status: &HostStatus, id: CommandId) -> Option<CommandState> {
    let command = status.queue.iter().find(|command| command.id == id)?;
    Some(command.state.clone())
}

fn why(wait: CommandWait) -> &'static str {
    match wait {
        CommandWait::Idle => "the session works",
        CommandWait::Draft => "a draft stands in the prompt",
        CommandWait::Dialog => "a question or a dialog is open",
        CommandWait::Conversation => "the session has gone to another conversation",
        CommandWait::Start => "the session has not reached its prompt",
        CommandWait::Earlier => "other commands wait before it",
    }
}

fn gone(error: ClientError, project: &str) -> CommandError {
    match error {
        ClientError::NotRunning { .. } => CommandError::NotRunning {
            project: project.to_owned(),
            terminal: TerminalKey::Claude,
        },
        ClientError::Broken(_) => CommandError::HostGone,
        error => error.into(),
    }
}
