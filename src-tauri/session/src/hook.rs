//! `reprise-session hook`: hands one event of Claude Code's hooks to the session's host.
//!
//! Claude Code shows a failing hook in the conversation and gives what some hooks print to
//! the model. So this never fails, prints nothing, and never waits long.

use std::io::{self, Write};
use std::time::Duration;

use reprise_core::claude::hooks::HookInput;
use reprise_core::model::{ProjectId, TerminalKey};
use reprise_core::session::client::connect_now;
use reprise_core::session::hosts::Hosts;
use reprise_core::session::lock;
use reprise_core::session::protocol::{self, Request};

use crate::projects::folders;

const PATIENCE: Duration = Duration::from_secs(1);

/// Hands the event on standard input to the host of this terminal.
pub fn hook(project: ProjectId, terminal: TerminalKey) {
    let claude_pid = std::env::var("CLAUDE_PID").ok();
    let Ok(input) = HookInput::read(claude_pid.as_deref(), io::stdin().lock()) else {
        return;
    };
    let Ok(frame) = input.to_frame() else {
        return;
    };
    // The host is looked up anew each time: it may have been replaced since the program started.
    let _ = deliver(project, terminal, frame);
}

fn deliver(project: ProjectId, terminal: TerminalKey, frame: Vec<u8>) -> io::Result<()> {
    let hosts = Hosts::new(folders().map_err(io::Error::other)?);
    let address = lock::read_address(&hosts.lock(project, terminal))
        .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    // Never waits: a host that hangs must not make claude's hooks pile up.
    let mut stream = connect_now(&address.socket)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut bytes = protocol::hello(protocol::VERSION).to_vec();
    Request::Hook(frame).write_to(&mut bytes);
    stream.write_all(&bytes)?;
    // The host looks up who connected: this process must still be there when it does. The
    // connection's end says that the event has arrived.
    io::copy(&mut stream, &mut io::sink())?;
    Ok(())
}
