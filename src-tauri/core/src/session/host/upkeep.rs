//! What a host does from time to time: look after its socket, its picture, and a program that
//! nobody else looks after.

use std::time::{Duration, Instant};

use tokio::net::UnixListener;

use super::run::{Running, log};
use super::{address, bind, ending};
use crate::model::SessionState;
use crate::process;
use crate::session::journal::{self, PICTURE_BYTES, Picture};

/// How often the host looks after itself.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// How often it does while nothing happens: many hosts are idle at a time. A client waits longer for a new socket.
const QUIET_TICK: Duration = Duration::from_secs(3);
/// After this time without output and input nothing happens.
const QUIET_AFTER: Duration = Duration::from_secs(5);
/// How long after input a program that stopped is woken.
const WAKE_WITHIN: Duration = Duration::from_secs(3);
/// How soon after activity a shell's foreground program is looked up.
const FOREGROUND_AFTER: Duration = Duration::from_millis(100);

impl Running {
    pub(super) fn tick(&mut self, now: Instant) {
        self.terminal_open = true;
        if !self.host.spec.files.socket.exists() {
            self.rebind();
        }
        self.write_unwritten();
        self.save_queue();
        let typed_lately = self
            .input_at
            .is_some_and(|at| now.duration_since(at) < WAKE_WITHIN);
        if typed_lately && process::is_stopped(self.status.program_pid) {
            ending::wake(self.status.program_pid);
        }
        if self.host.spec.session.is_none() {
            self.look_at_foreground();
        }
        let quiet = self.is_quiet(now);
        self.tick_at = now + if quiet { QUIET_TICK } else { TICK };
    }

    /// Whether nothing happens, and nothing waits to be tried again.
    fn is_quiet(&self, now: Instant) -> bool {
        let last = self
            .input_at
            .map_or(self.output_at, |at| at.max(self.output_at));
        now.duration_since(last) >= QUIET_AFTER
            && self.ending.is_none()
            && self.unwritten.is_empty()
            && !self.queue_unsaved
            && !self.rebind_fails
    }

    /// The socket vanished with its folder: clients find the new one through the lock.
    pub(super) fn rebind(&mut self) {
        let rebound = (self.host.new_socket)().and_then(|socket| {
            let listener = UnixListener::from_std(bind(&socket)?)?;
            self.host.spec.files.socket = socket;
            self.host
                .lock
                .publish(&address(&self.host.spec))
                .inspect_err(|_| {
                    // Nobody can find it: the next tick tries again.
                    let _ = std::fs::remove_file(&self.host.spec.files.socket);
                })?;
            Ok(listener)
        });
        match rebound {
            Ok(listener) => {
                self.host.listener = listener;
                self.rebind_fails = false;
            }
            // Once, not every second for as long as it lasts.
            Err(error) if !self.rebind_fails => {
                log(format_args!("cannot bind a new socket: {error}"));
                self.rebind_fails = true;
            }
            Err(_) => {}
        }
    }

    pub(super) fn save_picture(&mut self) {
        self.picture_at = None;
        let picture = Picture {
            size: self.status.size,
            bytes: self.screen.picture(PICTURE_BYTES),
        };
        if let Err(error) = journal::write_picture(&self.host.spec.files.picture, &picture) {
            log(format_args!("cannot write the picture: {error}"));
        }
    }

    pub(super) fn look_at_foreground_soon(&mut self, now: Instant) {
        if self.host.spec.session.is_none() {
            self.foreground_at.get_or_insert(now + FOREGROUND_AFTER);
        }
    }

    /// A shell works while something else than itself has the terminal.
    pub(super) fn look_at_foreground(&mut self) {
        self.foreground_at = None;
        if self.exit.is_some() {
            return;
        }
        let state = match self.host.pty.foreground_group() {
            Some(group) if group == self.status.program_pid => SessionState::Idle,
            Some(_) => SessionState::Working,
            None => SessionState::Unknown,
        };
        if state != self.status.state {
            self.set_state(state);
            self.status_changed();
        }
    }
}
