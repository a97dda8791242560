//! What clients ask of a host, and who may ask it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::UnixStream;

use super::Observation;
use super::clients::Origin;
use super::connection::{self, ClientId, Outbox};
use super::ending::Ending;
use super::run::{PendingInput, Running, log};
use super::upkeep::TICK;
use crate::process;
use crate::session::protocol::{RefusedCode, Reply, Request};
use crate::session::screen::Palette;

/// The most connections at a time: each takes a descriptor. What runs in the terminal gets
/// some of them, so that it cannot shut the person out.
const MAX_CLIENTS: usize = 256;
const MAX_PROGRAM_CLIENTS: usize = 64;

impl Running {
    pub(super) fn accept(&mut self, stream: UnixStream) {
        let Ok(peer) = stream.peer_cred() else {
            return;
        };
        let id = self.next_client;
        self.next_client += 1;
        let outbox = Rc::new(Outbox::default());
        if peer.uid() != rustix::process::geteuid().as_raw() {
            outbox.refuse(
                RefusedCode::NotAllowed,
                "this terminal is another user's".into(),
            );
        }
        // Without a pid nothing shows that the peer is not the program itself.
        let from_program = peer
            .pid()
            .and_then(|pid| u32::try_from(pid).ok())
            .is_none_or(|pid| process::is_descendant(pid, self.status.program_pid));
        let is_program = peer
            .pid()
            .is_some_and(|pid| u32::try_from(pid) == Ok(self.status.program_pid));
        let (all, from_the_program) = self.clients.count();
        if all >= MAX_CLIENTS || (from_program && from_the_program >= MAX_PROGRAM_CLIENTS) {
            return;
        }
        let origin = match (is_program, from_program) {
            (true, _) => Origin::Program,
            (false, true) => Origin::OfProgram,
            (false, false) => Origin::Person,
        };
        self.clients.add(id, Rc::clone(&outbox), origin);
        tokio::task::spawn_local(connection::serve(
            stream,
            id,
            outbox,
            Arc::clone(&self.input_budget),
            self.to_host.clone(),
        ));
    }

    pub(super) fn request(&mut self, id: ClientId, request: Request) {
        let open = self
            .clients
            .get(id)
            .filter(|client| !client.outbox.is_closing());
        let Some(client) = open else {
            if let Request::Input(bytes) = request {
                self.input_budget.add_permits(bytes.len());
            }
            return;
        };
        // What claude runs could otherwise type into its own terminal, or end it.
        let origin = client.origin;
        let reports_only = origin != Origin::Person;
        match request {
            Request::Hook(input) => {
                if reports_only {
                    self.observe(Observation::Hook(input));
                } else {
                    self.ignore_hook("it was not sent from within the terminal");
                }
                self.clients.close(id);
            }
            Request::Ping(bytes) => {
                if !client.outbox.push(&Reply::Pong(bytes)) {
                    client.outbox.refuse_slow();
                }
            }
            Request::Watch => {
                let _ = client
                    .outbox
                    .push(&Reply::Status(Box::new(self.status.clone())));
                self.clients.watch(id);
            }
            // What claude runs must not be able to tell how its own run goes.
            Request::Report(report) if origin == Origin::Program => self.report(*report),
            Request::Report(_) => client.outbox.refuse(
                RefusedCode::NotAllowed,
                "only the terminal's own program may report a run".into(),
            ),
            _ if reports_only => client.outbox.refuse(
                RefusedCode::NotAllowed,
                "a program in this terminal may not control the terminal".into(),
            ),
            Request::Attach(attach) => {
                self.clients.attach(id, &attach);
                if let Some(palette) = attach.palette {
                    self.set_palette(palette);
                }
                self.viewers_changed();
                self.flush(Instant::now());
            }
            // Nobody reads what is typed into an unattended run.
            Request::Input(bytes) if self.status.run.is_some() => {
                self.input_budget.add_permits(bytes.len());
            }
            Request::Input(bytes) => {
                let now = Instant::now();
                self.input_at = Some(now);
                self.tick_at = self.tick_at.min(now + TICK);
                let typed = PendingInput {
                    bytes,
                    written: 0,
                    budgeted: true,
                };
                if self.queue.holds_keys() {
                    self.held_input.push_back(typed);
                } else {
                    self.input.push_back(typed);
                    self.write_program();
                }
            }
            Request::Resize(size) => {
                self.clients.resize(id, size);
                self.viewers_changed();
            }
            Request::Ack(ack) => {
                self.clients.acknowledge(id, ack);
                // What is still being collected keeps waiting for its flush.
                if self.flush_at.is_none() {
                    self.pump(Instant::now());
                }
            }
            Request::Queue(request) => self.queue_request(id, request),
            Request::Find(query) => self.find(id, query),
            Request::Text { coloured } => self.send_text(id, coloured),
            Request::Kill => self.end_program(),
            Request::Palette(palette) => self.set_palette(palette),
        }
    }

    /// Begins to end the program. What it shows now is its last picture: on its way out it
    /// takes its screen down.
    pub(super) fn end_program(&mut self) {
        if self.ending.is_some() {
            return;
        }
        self.save_picture();
        self.cancel_run();
        let program = self.status.program_pid;
        let is_claude = self.host.spec.session.is_some();
        let claude = is_claude.then(|| self.status.claude_pid.unwrap_or(program));
        self.ending = Some(Ending::begin(program, claude, Instant::now()));
    }

    pub(super) fn set_palette(&mut self, palette: Palette) {
        self.screen.set_palette(palette);
        // A program may have asked to be told when the scheme changes.
        let replies = self.screen.take_replies();
        if !replies.is_empty() {
            self.answer(replies);
        }
    }

    /// The viewers or their sizes changed: the terminal follows the smallest that is seen.
    pub(super) fn viewers_changed(&mut self) {
        let now = Instant::now();
        if let Some(size) = self.clients.wanted_size()
            && size != self.status.size
        {
            match self.host.pty.resize(size) {
                Ok(()) => {
                    self.screen.resize(size);
                    self.stream.resized(size);
                    self.status.size = size;
                    self.clients.terminal_resized(now);
                }
                Err(error) => log(format_args!("cannot resize the terminal: {error}")),
            }
        }
        self.clients.update_limits(self.status.size, &self.stream);
        let viewers = self.clients.viewers();
        if viewers != self.status.clients {
            self.status.clients = viewers;
            self.status_changed();
        }
        self.pump(now);
    }
}
