//! Everybody connected to a host: who views, at which size, and what each is to be sent.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::connection::{ClientId, Outbox};
use super::place::{Moment, Next, Place};
use super::stream::Stream;
use crate::model::TerminalSize;
use crate::session::protocol::{
    Ack, Attach, HostStatus, Repainted, Reply, Resized, SnapshotReason, SnapshotStart, ViewerSize,
};
use crate::session::screen::{Screen, ScreenEvent, SnapshotPart};

/// After the last of several resizes, viewers get a snapshot: they may have wrapped rows
/// differently.
const RESIZE_SETTLES_AFTER: Duration = Duration::from_millis(150);
/// The longest name a viewer may give itself, in characters.
const MAX_NAME_CHARS: usize = 80;

/// One connection.
#[derive(Debug)]
pub struct Client {
    /// What is to be written to it.
    pub outbox: Rc<Outbox>,
    /// Who is at its other end.
    pub origin: Origin,
    viewer: Option<Viewer>,
    watches: bool,
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Neither the terminal's program nor anything that it started.
    Person,
    /// A process that the terminal's program started: it may report, not control.
    OfProgram,
    /// The terminal's program itself.
    Program,
}

#[derive(Debug)]
struct Viewer {
    name: String,
    place: Place,
    takes_cells: bool,
    limited_by: Option<String>,
    snapshot_at: Option<Instant>,
}

/// All connections.
#[derive(Debug, Default)]
pub struct Clients {
    all: HashMap<ClientId, Client>,
    had_viewer: bool,
}

impl Clients {
    /// Adds a connection that asked for nothing yet.
    pub fn add(&mut self, id: ClientId, outbox: Rc<Outbox>, origin: Origin) {
        self.all.insert(
            id,
            Client {
                outbox,
                origin,
                viewer: None,
                watches: false,
            },
        );
    }

    /// Forgets a connection that is over.
    pub fn remove(&mut self, id: ClientId) {
        self.all.remove(&id);
    }

    /// The connection, if it is still there.
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.all.get(&id)
    }

    /// Ends a connection that has done its one thing.
    pub fn close(&self, id: ClientId) {
        if let Some(client) = self.all.get(&id) {
            client.outbox.close();
        }
    }

    /// How many connections there are, and how many of them come from the program itself.
    pub fn count(&self) -> (usize, usize) {
        let from_program = self
            .all
            .values()
            .filter(|client| client.origin != Origin::Person);
        (self.all.len(), from_program.count())
    }

    /// How many viewers are attached.
    pub fn viewers(&self) -> usize {
        self.all
            .values()
            .filter(|client| client.viewer.is_some())
            .count()
    }

    /// Whether there has ever been a viewer.
    pub fn had_viewer(&self) -> bool {
        self.had_viewer
    }

    /// Makes the connection a viewer that is in need of a snapshot.
    pub fn attach(&mut self, id: ClientId, attach: &Attach) {
        if let Some(client) = self.all.get_mut(&id) {
            self.had_viewer = true;
            client.watches = true;
            client.viewer = Some(Viewer {
                name: attach.name.chars().take(MAX_NAME_CHARS).collect(),
                place: Place::new(attach.size, attach.repaints),
                takes_cells: attach.cells,
                limited_by: None,
                snapshot_at: None,
            });
        }
    }

    /// Makes the connection one that is told every change of the status.
    pub fn watch(&mut self, id: ClientId) {
        if let Some(client) = self.all.get_mut(&id) {
            client.watches = true;
        }
    }

    /// Notes a viewer's new size or visibility.
    pub fn resize(&mut self, id: ClientId, size: ViewerSize) {
        if let Some(viewer) = self.viewer(id) {
            viewer.place.size = size;
        }
    }

    /// Notes what a viewer has parsed.
    pub fn acknowledge(&mut self, id: ClientId, ack: Ack) {
        if let Some(viewer) = self.viewer(id) {
            viewer.place.acknowledge(ack.offset, ack.painted);
        }
    }

    /// The size that suits every visible viewer: the smallest of each dimension. None when
    /// nobody looks; the terminal then keeps its size.
    pub fn wanted_size(&self) -> Option<TerminalSize> {
        let visible = || {
            self.all
                .values()
                .filter_map(|client| client.viewer.as_ref())
                .map(|viewer| viewer.place.size)
                .filter(|size| size.visible)
        };
        Some(
            TerminalSize {
                cols: visible().map(|size| size.cols).min()?,
                rows: visible().map(|size| size.rows).min()?,
            }
            .clamped(),
        )
    }

    /// The terminal was given this size: viewers are told in its place in the stream, and
    /// get a snapshot once it has settled.
    pub fn terminal_resized(&mut self, now: Instant) {
        for client in self.all.values_mut() {
            if let Some(viewer) = &mut client.viewer {
                viewer.snapshot_at = Some(now + RESIZE_SETTLES_AFTER);
            }
        }
    }

    /// Recomputes who limits whom, and tells those for whom it changed.
    pub fn update_limits(&mut self, size: TerminalSize, stream: &Stream) {
        let visible: Vec<(ClientId, ViewerSize, String)> = self
            .all
            .iter()
            .filter_map(|(id, client)| Some((*id, client.viewer.as_ref()?)))
            .map(|(id, viewer)| (id, viewer.place.size, viewer.name.clone()))
            .filter(|(_, wants, _)| wants.visible)
            .collect();
        for (id, client) in &mut self.all {
            let Some(viewer) = &mut client.viewer else {
                continue;
            };
            let own = viewer.place.size;
            if !own.visible {
                continue;
            }
            let limited_by = visible
                .iter()
                .filter(|(by, _, _)| by != id)
                .find(|(_, wants, _)| {
                    (own.cols > size.cols && wants.cols <= size.cols)
                        || (own.rows > size.rows && wants.rows <= size.rows)
                })
                .map(|(_, _, name)| name.clone());
            if viewer.limited_by != limited_by {
                viewer.limited_by.clone_from(&limited_by);
                let _ = client.outbox.push(&Reply::Resized(Resized {
                    size,
                    offset: stream.end(),
                    limited_by,
                }));
            }
        }
    }

    /// When some viewer is to be looked after, if nothing else happens until then.
    pub fn look_at(&self, stream: &Stream, moment: &Moment) -> Option<Instant> {
        self.all
            .values()
            .filter_map(|client| client.viewer.as_ref())
            .flat_map(|viewer| [viewer.snapshot_at, viewer.place.look_at(stream, moment)])
            .flatten()
            .min()
    }

    /// Whether something is to be sent as soon as the synchronized update that is open closes.
    pub fn wait_for_whole(&self) -> bool {
        let mut viewers = self
            .all
            .values()
            .filter_map(|client| client.viewer.as_ref());
        viewers.any(|viewer| viewer.place.waits_for_whole())
    }

    /// The oldest byte that some viewer may still be sent; none when no viewer needs any.
    pub fn need_from(&mut self, stream: &Stream) -> Option<u64> {
        self.all
            .values_mut()
            .filter_map(|client| client.viewer.as_mut())
            .filter_map(|viewer| viewer.place.needs_from(stream))
            .min()
    }

    /// The program is over: the viewers that nobody sees are brought to the end, too.
    pub fn bring_to_end(&mut self) {
        for client in self.all.values_mut() {
            if let Some(viewer) = &mut client.viewer {
                viewer.place.bring_to_end();
            }
        }
    }

    /// Sends every viewer what it has credit for.
    pub fn pump(&mut self, screen: &Screen, stream: &Stream, moment: &Moment) {
        for client in self.all.values_mut() {
            let Some(viewer) = &mut client.viewer else {
                continue;
            };
            if viewer.snapshot_at.is_some_and(|at| at <= moment.now) {
                viewer.snapshot_at = None;
                viewer.place.want_snapshot(SnapshotReason::Resize);
            }
            let mut reads = true;
            while let Some(next) = viewer.place.next(stream, moment) {
                reads &= match next {
                    Next::Output { offset, bytes } => {
                        client.outbox.push(&Reply::Output { offset, bytes })
                    }
                    Next::Resized { size, offset } => {
                        client.outbox.push(&Reply::Resized(Resized {
                            size,
                            offset,
                            limited_by: viewer.limited_by.clone(),
                        }))
                    }
                    Next::Snapshot(reason) => {
                        begin_snapshot(&client.outbox, viewer, reason, screen, stream)
                    }
                    Next::SnapshotPart(SnapshotPart::Stream(bytes)) => {
                        client.outbox.push(&Reply::SnapshotBytes(bytes))
                    }
                    Next::SnapshotPart(SnapshotPart::Lines(bytes)) => {
                        client.outbox.push(&Reply::SnapshotLines(bytes))
                    }
                    Next::SnapshotEnd => client.outbox.push(&Reply::SnapshotEnd),
                    Next::Repaint { first } => {
                        let repaint = screen.repaint(first);
                        let length = repaint.bytes.len();
                        let fits = Place::takes_repaint(length);
                        let sent = if fits { length } else { 0 };
                        viewer.place.repainted(stream, sent, moment.now);
                        !fits
                            || client.outbox.push(&Reply::Repaint(Repainted {
                                offset: stream.end(),
                                first_line: repaint.first_line,
                                size: repaint.size,
                                bytes: repaint.bytes,
                            }))
                    }
                };
            }
            if !reads {
                client.outbox.refuse_slow();
            }
        }
    }

    /// Tells everybody who wants to know the new status.
    pub fn send_status(&self, status: &HostStatus) {
        let reply = Reply::Status(Box::new(status.clone()));
        for client in self.all.values().filter(|client| client.watches) {
            if !client.outbox.push(&reply) {
                client.outbox.refuse_slow();
            }
        }
    }

    /// Tells every viewer of a side effect; of what calls the person, those as well who only
    /// watch.
    pub fn send_event(&self, event: &ScreenEvent) {
        let reply = Reply::Event(event.clone());
        let calls = matches!(event, ScreenEvent::Bell | ScreenEvent::Notification { .. });
        let concerned = |client: &&Client| client.viewer.is_some() || (calls && client.watches);
        for client in self.all.values().filter(concerned) {
            if !client.outbox.push(&reply) {
                client.outbox.refuse_slow();
            }
        }
    }

    /// Whether every viewer has been sent all there is.
    pub fn have_all(&mut self, stream: &Stream) -> bool {
        self.all.values().all(|client| {
            client
                .viewer
                .as_ref()
                .is_none_or(|viewer| viewer.place.has_all(stream))
        })
    }

    /// Sends everybody a last reply and ends the connections.
    pub fn close_all(&self, last: &Reply) {
        for client in self.all.values() {
            let _ = client.outbox.push(last);
            client.outbox.close();
        }
    }

    /// Whether everything has been handed to the system.
    pub fn are_served(&self) -> bool {
        self.all.values().all(|client| client.outbox.is_empty())
    }

    fn viewer(&mut self, id: ClientId) -> Option<&mut Viewer> {
        self.all.get_mut(&id)?.viewer.as_mut()
    }
}

fn begin_snapshot(
    outbox: &Outbox,
    viewer: &mut Viewer,
    reason: SnapshotReason,
    screen: &Screen,
    stream: &Stream,
) -> bool {
    let snapshot = if viewer.takes_cells {
        screen.snapshot_with_cells()
    } else {
        screen.snapshot()
    };
    let bytes = snapshot.parts.iter().map(SnapshotPart::len).sum::<usize>();
    let reads = outbox.push(&Reply::SnapshotStart(SnapshotStart {
        offset: stream.end(),
        size: snapshot.size,
        first_line: snapshot.first_line,
        bytes: bytes as u64,
        scrollback: screen.scrollback_lines(),
        reason,
        limited_by: viewer.limited_by.clone(),
    }));
    viewer.place.snapshot_begun(stream, snapshot.parts);
    reads
}
