//! More output than a viewer takes: what it is sent of it, and what it ends with.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use reprise_core::model::TerminalSize;
use reprise_core::session::lock;
use reprise_core::session::protocol::{self, FrameReader, HELLO_LEN, HostStatus, Reply, Request};
use reprise_core::session::screen::{Screen, ScrollbackLimits};

use crate::viewer::Viewer;
use crate::world::{SIZE, World, exists};

fn shell(world: &World) -> (HostStatus, Viewer) {
    let project = world.project("shop");
    let status = world.sessions.new_shell(project.id, SIZE).unwrap();
    let viewer = attach(world, &status);
    (status, viewer)
}

fn attach(world: &World, status: &HostStatus) -> Viewer {
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    Viewer::attach(&lock, SIZE)
}

/// Random output of about this length: text, colours, wide and combining characters, cursor
/// movement, margins, both screens, modes and synchronized updates.
fn flood(seed: u64, bytes: usize) -> Vec<u8> {
    let mut state = seed;
    let mut below = |n: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    let mut out = Vec::with_capacity(bytes + 4096);
    while out.len() < bytes {
        match below(40) {
            0 => out.extend(format!("\x1b[{};{}H", below(24) + 1, below(80) + 1).bytes()),
            1 => out.extend(format!("\x1b[{}m", below(108)).bytes()),
            2 => out.extend(format!("\x1b[38;5;{}m", below(256)).bytes()),
            3 => out.extend("\u{65e5}\u{672c}\u{8a9e} e\u{301} \u{1f600} ".bytes()),
            4 => out.extend(format!("\x1b[{};{}r", below(10) + 1, below(10) + 12).bytes()),
            5 => out.extend(b"\x1b[r"),
            6 => out.extend(*b"\x1b[2J"),
            7 if below(20) == 0 => out.extend(b"\x1b[?1049h"),
            8..10 if below(4) == 0 => out.extend(b"\x1b[?1049l"),
            10 => out
                .extend(format!("\x1b[?{}h", [1, 2004, 1004, 1006, 25][below(5) as usize]).bytes()),
            11 => out
                .extend(format!("\x1b[?{}l", [1, 2004, 1004, 1006, 25][below(5) as usize]).bytes()),
            12 => {
                out.extend(b"\x1b[?2026h\x1b[H");
                for _ in 0..below(200) {
                    out.extend(format!("frame {}\r\n", below(1_000)).bytes());
                }
                out.extend(b"\x1b[?2026l");
            }
            _ => {
                for _ in 0..below(50) {
                    out.extend(format!("line {} of the flood\r\n", below(1 << 30)).bytes());
                }
            }
        }
    }
    out.extend(b"\x1b[?1049l\x1b[r\x1b[0mthe end");
    out
}

/// Starts `cat` of this file on a terminal that changes no byte, and waits until it is about to.
fn prepare(world: &World, viewer: &mut Viewer, flood: &[u8]) {
    let file = world.path("flood");
    std::fs::write(&file, flood).unwrap();
    viewer.type_text(&format!(
        "stty raw -echo; printf ready-%s 2; head -c 1 >/dev/null; cat {}; sleep 1000\n",
        file.display()
    ));
    viewer.wait_for_text("ready-2");
}

#[test]
fn a_viewer_that_is_skipped_ahead_ends_with_what_every_byte_makes() {
    for seed in 1..=3 {
        let world = World::new();
        let (_, mut viewer) = shell(&world);
        let flood = flood(seed, 12_000_000);
        prepare(&world, &mut viewer, &flood);
        let mut every_byte = Screen::new(SIZE, ScrollbackLimits::default());
        every_byte.feed(&viewer.snapshot(), Instant::now());
        every_byte.feed(&flood, Instant::now());
        let end = viewer.offset + flood.len() as u64;
        viewer.slow = Some(Duration::from_millis(3));
        viewer.type_text("x");
        while viewer.offset < end || !viewer.exact {
            viewer.receive();
        }
        assert!(viewer.repaints > 0, "it was never skipped ahead");
        assert_eq!(viewer.text(), every_byte.text(), "seed {seed}");
        assert!(
            viewer.snapshot() == every_byte.snapshot().into_stream(),
            "seed {seed}"
        );
    }
}

#[test]
fn a_viewer_that_is_resized_in_a_flood_ends_with_the_host_s_screen() {
    let world = World::new();
    let (status, mut viewer) = shell(&world);
    let flood = flood(7, 12_000_000);
    prepare(&world, &mut viewer, &flood);
    let end = viewer.offset + flood.len() as u64;
    viewer.slow = Some(Duration::from_millis(3));
    viewer.type_text("x");
    let sizes = [(60, 20), (132, 43), (80, 24)].map(|(cols, rows)| TerminalSize { cols, rows });
    for size in sizes {
        viewer.resize(size);
        while viewer.size() != size {
            viewer.receive();
        }
    }
    while viewer.offset < end || !viewer.exact || viewer.snapshots.last().unwrap().size != SIZE {
        viewer.receive();
    }
    // The last word after a resize is a snapshot; whatever still comes changes nothing.
    let fresh = attach(&world, &status);
    assert_eq!(viewer.text(), fresh.text());
    assert!(viewer.snapshot() == fresh.snapshot());
}

#[test]
fn a_viewer_that_acknowledges_nothing_has_at_most_a_mebibyte_unparsed() {
    let world = World::new();
    let (status, mut viewer) = shell(&world);
    viewer.type_text("seq 1 200000; echo filled-$((1+1))\n");
    viewer.wait_for_text("filled-2");
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    let socket = lock::read_address(&lock).unwrap().socket;
    let mut deaf = UnixStream::connect(socket).unwrap();
    deaf.set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut hello = protocol::hello(protocol::VERSION).to_vec();
    Request::Attach(protocol::Attach {
        size: protocol::ViewerSize {
            cols: 120,
            rows: 40,
            visible: true,
        },
        name: "deaf".into(),
        palette: None,
        repaints: true,
        cells: false,
    })
    .write_to(&mut hello);
    deaf.write_all(&hello).unwrap();
    let done = world.path("done");
    viewer.type_text(&format!(
        "yes 0123456789 | head -c 20000000; touch {}; echo the-end-$((1+1))\n",
        done.display()
    ));
    viewer.wait_for_text("the-end-2");
    exists(&done).unwrap();
    let mut unparsed = 0;
    let mut bytes = [0; 64 * 1024];
    loop {
        match deaf.read(&mut bytes) {
            Ok(0) => break,
            Ok(n) => unparsed += n,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(unparsed > 100_000, "{unparsed}");
    assert!(unparsed <= 1024 * 1024, "{unparsed}");
}

#[test]
fn a_key_reaches_a_program_that_floods_and_its_answer_the_viewer() {
    let world = World::new();
    let (_, mut viewer) = shell(&world);
    viewer.slow = Some(Duration::from_millis(3));
    viewer.type_text("yes\n");
    while viewer.repaints < 3 {
        viewer.receive();
    }
    viewer.slow = None;
    let pressed = Instant::now();
    viewer.type_text("\x03");
    viewer.type_text("echo quiet-$((1+1))\n");
    viewer.wait_for_text("quiet-2");
    let took = pressed.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_hidden_viewer_is_sent_no_bytes_and_the_present_when_it_is_seen_again() {
    let world = World::new();
    let (status, mut viewer) = shell(&world);
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    let mut hidden = Viewer::attach(&lock, SIZE);
    hidden.see(SIZE, false);
    hidden.send(&Request::Ping(b"hidden".to_vec()));
    while hidden.receive() != Reply::Pong(b"hidden".to_vec()) {}
    viewer.type_text("seq 1 300000; echo the-end-$((1+1))\n");
    viewer.wait_for_text("the-end-2");
    hidden.send(&Request::Ping(b"after".to_vec()));
    loop {
        match hidden.receive() {
            Reply::Status(_) | Reply::Event(_) => {}
            Reply::Pong(_) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(!hidden.text().contains("the-end-2"));
    hidden.see(SIZE, true);
    hidden.wait_for_text("the-end-2");
    // So soon after a flood a repaint may come first.
    while hidden.snapshots.len() < 2 {
        hidden.receive();
    }
    // What was missed in a short time is simply sent.
    hidden.see(SIZE, false);
    viewer.type_text("echo a-little-$((1+1))\n");
    viewer.wait_for_text("a-little-2");
    hidden.see(SIZE, true);
    hidden.wait_for_text("a-little-2");
    assert_eq!(hidden.snapshots.len(), 2);
}

#[test]
fn the_end_of_a_program_reaches_a_viewer_that_nobody_sees() {
    let world = World::new();
    let (_, mut viewer) = shell(&world);
    viewer.see(SIZE, false);
    viewer.type_text("seq 1 300000; echo last-$((1+1)); exit\n");
    viewer.wait_for_end();
    assert!(viewer.text().contains("last-2"), "{}", viewer.text());
}

/// As an app that was built before there were repaints.
#[test]
fn an_older_viewer_is_given_snapshots_and_no_repaints() {
    let world = World::new();
    let (status, mut viewer) = shell(&world);
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    let socket = lock::read_address(&lock).unwrap().socket;
    let mut old = UnixStream::connect(socket).unwrap();
    old.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let attach = br#"{"cols":80,"rows":24,"visible":true,"name":"old"}"#;
    let mut hello = protocol::hello(protocol::VERSION).to_vec();
    hello.extend((attach.len() as u32 + 1).to_be_bytes());
    hello.push(1);
    hello.extend(attach);
    old.write_all(&hello).unwrap();
    viewer.type_text("seq 1 2000000; echo the-end-$((1+1))\n");

    let mut reader = FrameReader::default();
    let mut greeting = [0; HELLO_LEN];
    old.read_exact(&mut greeting).unwrap();
    let mut screen = Screen::new(SIZE, ScrollbackLimits::default());
    let mut bytes = [0; 64 * 1024];
    let mut offset = 0_u64;
    while !screen.text().contains("the-end-2") {
        let n = old.read(&mut bytes).unwrap();
        assert!(n > 0);
        reader.push(&bytes[..n]);
        while let Some(frame) = reader.next_frame().unwrap() {
            match Reply::read(frame).unwrap() {
                Some(Reply::SnapshotStart(start)) => {
                    screen = Screen::new(start.size, ScrollbackLimits::default());
                    offset = start.offset;
                }
                Some(Reply::SnapshotBytes(bytes)) => screen.feed(&bytes, Instant::now()),
                Some(Reply::Output { offset: at, bytes }) => {
                    assert_eq!(at, offset);
                    screen.feed(&bytes, Instant::now());
                    offset += bytes.len() as u64;
                }
                Some(Reply::Repaint(_)) => panic!("an old viewer knows no repaint"),
                _ => continue,
            }
            let mut ack = vec![0, 0, 0, 9, 4];
            ack.extend(offset.to_be_bytes());
            old.write_all(&ack).unwrap();
        }
    }
}
