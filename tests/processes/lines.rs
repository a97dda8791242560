//! What a host tells of its lines: searches and text, over a real terminal.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use reprise_core::session::client::{BlockingConnection, ClientError};
use reprise_core::session::find::{FindAnswer, FindQuery, Found};
use reprise_core::session::protocol::{HELLO_LEN, HostStatus, Refused, RefusedCode, Reply, hello};

use crate::viewer::Viewer;
use crate::world::{SIZE, World};

fn query(pattern: &str) -> FindQuery {
    FindQuery {
        pattern: pattern.to_owned(),
        regex: true,
        case_sensitive: true,
        whole_word: false,
        prompts: false,
    }
}

fn open(world: &World, status: &HostStatus) -> BlockingConnection {
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    BlockingConnection::open(&lock).unwrap()
}

fn find(world: &World, status: &HostStatus, pattern: &str) -> Found {
    match open(world, status).find(&query(pattern)).unwrap() {
        FindAnswer::Found(found) => found,
        answer => panic!("{answer:?}"),
    }
}

/// A shell with a viewer, in which this has been typed and has said that it is done.
fn shell(world: &World, commands: &str) -> (HostStatus, Viewer) {
    let project = world.project("shop");
    let status = world.sessions.new_shell(project.id, SIZE).unwrap();
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    let mut viewer = Viewer::attach(&lock, SIZE);
    viewer.type_text(&format!("{commands}; echo done-$((1+1))\n"));
    viewer.wait_for_text("done-2");
    (status, viewer)
}

#[test]
fn what_has_left_the_screen_is_found_by_its_number_and_saved() {
    let world = World::new();
    let (status, mut viewer) = shell(
        &world,
        "clear; seq -f 'line-%g ' 1 9000; printf '%0300d\\n' 7",
    );
    let found = find(&world, &status, "^line-(1|4500|9000)$");
    assert_eq!(
        (found.total, found.matches.len()),
        (0, 0),
        "a space is at their ends"
    );
    let found = find(&world, &status, "^line-(1|4500|9000) $");
    assert_eq!(
        (found.total, found.complete, found.alternate),
        (3, true, false)
    );
    let rows: Vec<u64> = found.matches.iter().map(|found| found.start.row).collect();
    assert_eq!((rows[1] - rows[0], rows[2] - rows[1]), (4499, 4500));
    // A line that is wrapped is one.
    let wrapped = find(&world, &status, "0{299}7");
    assert_eq!(wrapped.total, 1);
    assert!(wrapped.matches[0].end.row > wrapped.matches[0].start.row);

    let mut text = Vec::new();
    let end = open(&world, &status)
        .text(false, |part| {
            text.extend_from_slice(part);
            Ok(())
        })
        .unwrap();
    assert_eq!((end.bytes, end.complete), (text.len() as u64, true));
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count() as u64, end.lines);
    assert!(text.contains("line-1\nline-2\n"), "no blanks at the ends");
    assert!(text.contains("\nline-9000\n"));
    assert!(
        text.contains(&format!("\n{}7\n", "0".repeat(299))),
        "one line"
    );
    assert!(!text.ends_with("\n\n"));

    viewer.type_text("printf '\\033[1;35mviolet\\033[m and \\033]8;;https://a.example\\033\\\\linked\\033]8;;\\033\\\\\\n'; echo shown-$((1+1))\n");
    viewer.wait_for_text("shown-2");
    let mut coloured = Vec::new();
    let ended = open(&world, &status)
        .text(true, |part| {
            coloured.extend_from_slice(part);
            Ok(())
        })
        .unwrap();
    let coloured = String::from_utf8(coloured).unwrap();
    assert_eq!(
        (ended.bytes, ended.lines),
        (coloured.len() as u64, coloured.lines().count() as u64)
    );
    let violet = "\n\x1b[0;1;35mviolet\x1b[0m and \x1b]8;;https://a.example\x1b\\";
    assert!(coloured.contains(violet), "{coloured:?}");
    assert!(coloured.contains("\nline-9000 \n"));

    // Both have the numbers of the viewers.
    viewer.type_text("echo still here\n");
    viewer.wait_for_text("still here");
}

#[test]
fn on_the_alternate_screen_only_what_is_seen_is_searched() {
    let world = World::new();
    let (status, _viewer) = shell(
        &world,
        "clear; echo behind-it; printf '\\033[?1049h\\033[3;5Hneedle'",
    );
    assert_eq!(find(&world, &status, "behind-it").total, 0);
    let found = find(&world, &status, "needle");
    assert!(found.alternate);
    let places: Vec<_> = found
        .matches
        .iter()
        .map(|found| (found.start.row, found.start.column))
        .collect();
    assert!(places.contains(&(2, 4)), "{places:?}");
}

#[test]
fn a_search_does_not_keep_the_host_from_its_program() {
    let world = World::new();
    let (status, mut viewer) = shell(
        &world,
        "clear; seq 1 12000 | sed 's/$/ aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/'",
    );
    // Slow for any engine that promises to be done in linear time.
    let slow = query("(a|aa|aaa|aaaa|aaaaa|aaaaaa){30}(a?){30}x");
    let mut host = open(&world, &status);
    let searching = std::thread::spawn(move || host.find(&slow));
    let mut longest = Duration::ZERO;
    for round in 0..20 {
        let asked = Instant::now();
        viewer.type_text(&format!("echo round-$(({round}+100))\n"));
        viewer.wait_for_text(&format!("round-{}", round + 100));
        longest = longest.max(asked.elapsed());
    }
    assert!(longest < Duration::from_secs(2), "a line took {longest:?}");
    assert!(matches!(
        searching.join().unwrap(),
        Ok(FindAnswer::Found(_))
    ));
}

#[test]
fn a_host_of_an_earlier_version_is_told_as_that() {
    let world = World::new();
    let socket = world.path("old.sock");
    let lock = world.path("old.lock");
    let listener = UnixListener::bind(&socket).unwrap();
    let mut held = reprise_core::session::lock::HostLock::acquire(&lock)
        .unwrap()
        .unwrap();
    held.publish(&reprise_core::session::lock::HostAddress {
        socket,
        pid: std::process::id(),
        build: "earlier".into(),
    })
    .unwrap();
    // What a host of before says to a frame that it does not know.
    let host = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&hello(1)).unwrap();
        let mut bytes = vec![0; HELLO_LEN + 1];
        stream.read_exact(&mut bytes).unwrap();
        let mut answer = Vec::new();
        Reply::Refused(Refused {
            code: RefusedCode::BadFrame,
            message: "unknown kind of frame 0x10".into(),
        })
        .write_to(&mut answer);
        stream.write_all(&answer).unwrap();
        let _ = stream.read_to_end(&mut bytes);
    });
    let mut connection = BlockingConnection::open(&lock).unwrap();
    let refused = connection.find(&query("x"));
    assert!(matches!(refused, Err(ClientError::NotKnown)), "{refused:?}");
    drop(connection);
    host.join().unwrap();
}
