//! `reprise-session send`: types a command into a project's session, when that can be done
//! safely, and says what became of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reprise_core::model::TerminalKey;
use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::hosts::Hosts;
use reprise_core::session::protocol::{HostStatus, Reply, Request};
use reprise_core::session::queue::{
    CommandId, CommandState, CommandWait, NewCommand, QueueRequest,
};

use tokio::signal::unix::{SignalKind, signal};

use crate::projects::{CommandError, NamedStore, folders, live_terminal};

/// After its patience a command that was typed already is acknowledged within this time, or is
/// one that opened a dialog.
const BEING_SENT: Duration = Duration::from_secs(7);
/// More than anybody waits.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How soon an interruption is noticed.
const INTERRUPTED_WITHIN: Duration = Duration::from_millis(250);

/// Puts the text into the queue of the project's session and waits until it was delivered.
/// After `wait`, or when it is interrupted, one that is not being sent is taken out again.
///
/// # Errors
/// [`CommandError`]: the command did not arrive, or nothing shows that it did.
pub fn send(
    store: &NamedStore,
    project: &str,
    text: String,
    wait: Duration,
) -> Result<(), CommandError> {
    let folders = folders()?;
    let live = live_terminal(store, &folders, project, TerminalKey::Claude)?;
    let lock = Hosts::new(folders).lock(live.project, TerminalKey::Claude);
    let mut host = BlockingConnection::open(&lock).map_err(|error| gone(error, project))?;
    let command = NewCommand {
        id: CommandId::generate(),
        text,
        about: None,
    };
    let id = command.id;
    let interrupted = watch_for_interruption()?;
    let answer = host
        .queue(&QueueRequest::Add(command))
        .map_err(|error| gone(error, project))?;
    if let Some(refused) = answer.refused {
        return Err(CommandError::NotSent(refused.message));
    }
    host.send(&Request::Watch)?;
    let mut until = Instant::now() + wait.min(LONGEST_WAIT);
    let mut waits_for = CommandWait::Idle;
    loop {
        match receive_before(&mut host, until).map_err(|error| gone(error, project))? {
            Some(Reply::Status(status)) => match state_of(&status, id) {
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
            Some(Reply::Ended(_)) => return Err(CommandError::HostGone),
            Some(_) | None => {}
        }
        let is_interrupted = interrupted.load(Ordering::Relaxed);
        if is_interrupted {
            until = until.min(Instant::now());
        }
        if Instant::now() < until {
            continue;
        }
        let cancel = host.queue(&QueueRequest::Cancel { id });
        if cancel
            .map_err(|error| gone(error, project))?
            .refused
            .is_none()
        {
            let after = match is_interrupted {
                true => "as you interrupted it".to_owned(),
                false => format!("after {} s", wait.as_secs()),
            };
            return Err(CommandError::NotSent(format!(
                "{}; it was taken out of the queue {after}",
                why(waits_for)
            )));
        }
        if Instant::now() >= until + BEING_SENT {
            return Err(CommandError::NotSent(
                "it was typed and the session does not say that it has it; look into the \
                 session, it may show a dialog"
                    .into(),
            ));
        }
        // It is being sent at this very moment. Its end may have been told while the answer
        // was waited for.
        host.send(&Request::Watch)?;
    }
}

/// The next reply, or none when there was none for a while.
fn receive_before(
    host: &mut BlockingConnection,
    until: Instant,
) -> Result<Option<Reply>, ClientError> {
    let left = until.saturating_duration_since(Instant::now());
    host.receive_within(left.clamp(Duration::from_millis(100), INTERRUPTED_WITHIN))
}

/// Whether the person pressed Ctrl-C, or the system ends this process: the command must not
/// stay in the queue unsaid. A second time ends it at once.
fn watch_for_interruption() -> Result<Arc<AtomicBool>, CommandError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&interrupted);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let inside = runtime.enter();
    let mut pressed = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    drop(inside);
    std::thread::spawn(move || {
        runtime.block_on(async {
            for _ in 0..2 {
                tokio::select! {
                    _ = pressed.recv() => {}
                    _ = terminated.recv() => {}
                }
                if noticed.swap(true, Ordering::Relaxed) {
                    std::process::exit(1);
                }
            }
        });
    });
    Ok(interrupted)
}

fn state_of(status: &HostStatus, id: CommandId) -> Option<CommandState> {
    let command = status.queue.iter().find(|command| command.id == id)?;
    Some(command.state.clone())
}

fn why(wait: CommandWait) -> &'static str {
    match wait {
        CommandWait::Idle => "the session is busy",
        CommandWait::Draft => "a draft stands in the prompt",
        CommandWait::Dialog => "a question or a dialog is open, or its prompt is not to be seen",
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
