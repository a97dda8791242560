//! A host with a shell in it: attaching, leaving, sizes, endings, and bad company.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use reprise_core::model::{OutputProject, TerminalKey, TerminalSize};
use reprise_core::process::ProcessRef;
use reprise_core::project_sessions::FirstView;
use reprise_core::session::client::{BlockingConnection, connect_now};
use reprise_core::session::lock;
use reprise_core::session::protocol::{self, HostStatus, Request};
use reprise_core::session::screen::{Palette, Rgb};
use rustix::process::{Pid, Signal, kill_process};

use crate::viewer::Viewer;
use crate::world::{SIZE, World, exists, wait_for};

fn shell(world: &World) -> (OutputProject, HostStatus) {
    let project = world.project("shop");
    let status = world.sessions.new_shell(project.id, SIZE).unwrap();
    (project, status)
}

fn attach(world: &World, status: &HostStatus) -> Viewer {
    Viewer::attach(
        &world.sessions.hosts().lock(status.project, status.terminal),
        SIZE,
    )
}

#[test]
fn a_viewer_that_comes_back_sees_the_same_screen_and_the_same_process() {
    let world = World::new();
    let (project, status) = shell(&world);
    let mut first = attach(&world, &status);
    first.type_text("echo in $PWD; echo pid $$\n");
    first.wait_for_text(&format!("in {}", project.workspace_path));
    first.wait_for_text(&format!("pid {}", status.program_pid));
    let before = first.text();
    drop(first);

    let second = attach(&world, &status);
    assert_eq!(second.text(), before);
    assert!(second.resizes.is_empty());
    let now = world
        .sessions
        .hosts()
        .get(status.project, status.terminal)
        .unwrap()
        .unwrap();
    assert_eq!(
        (now.host_pid, now.program_pid),
        (status.host_pid, status.program_pid)
    );
}

/// A process's parent and the session it is in.
fn parent_and_session(pid: u32) -> (u32, u32) {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat[stat.rfind(')').unwrap() + 2..].split(' ').collect();
    (fields[1].parse().unwrap(), fields[3].parse().unwrap())
}

#[test]
fn the_host_is_in_a_session_of_its_own_and_nobody_s_child() {
    let world = World::new();
    let (_, status) = shell(&world);
    let (parent, session) = parent_and_session(status.host_pid);
    assert_ne!(parent, std::process::id());
    // Ours is 0 where its leader is outside of this container; the host's never is.
    let (_, own) = parent_and_session(std::process::id());
    assert_ne!(session, own);
    for entry in std::fs::read_dir(format!("/proc/{}/fd", status.host_pid)).unwrap() {
        // What it closes meanwhile it does not hold.
        let Ok(target) = std::fs::read_link(entry.unwrap().path()) else {
            continue;
        };
        let target = target.to_string_lossy().into_owned();
        assert!(
            !target.starts_with("pipe:"),
            "the host still holds {target}"
        );
    }
}

#[test]
fn the_smallest_visible_viewer_decides_the_size_and_the_others_are_told_by_whom() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut large = attach(&world, &status);
    let mut small = attach(&world, &status);
    let size = TerminalSize { cols: 60, rows: 20 };
    small.resize(size);
    while large
        .resizes
        .last()
        .is_none_or(|resized| resized.limited_by.is_none())
    {
        large.receive();
    }
    assert_eq!(large.resizes.last().unwrap().size, size);
    large.type_text("stty size\n");
    large.wait_for_text("20 60");

    small.send(&Request::Resize(protocol::ViewerSize {
        cols: 60,
        rows: 20,
        visible: false,
    }));
    while large.resizes.last().unwrap().size != SIZE {
        large.receive();
    }
    assert_eq!(large.resizes.last().unwrap().limited_by, None);
}

#[test]
fn of_two_viewers_that_limit_each_other_each_is_told_of_the_other() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut wide = attach(&world, &status);
    let mut tall = attach(&world, &status);
    wide.resize(TerminalSize { cols: 90, rows: 20 });
    tall.resize(TerminalSize { cols: 60, rows: 30 });
    let size = TerminalSize { cols: 60, rows: 20 };
    for viewer in [&mut wide, &mut tall] {
        while !viewer
            .resizes
            .last()
            .is_some_and(|resized| resized.size == size && resized.limited_by.is_some())
        {
            viewer.receive();
        }
    }
}

#[test]
fn a_size_that_is_too_small_or_absurd_is_brought_within_bounds() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer.resize(TerminalSize { cols: 1, rows: 0 });
    while viewer.resizes.is_empty() {
        viewer.receive();
    }
    assert_eq!(viewer.resizes[0].size, TerminalSize::MIN);
}

#[test]
fn a_viewer_that_does_not_acknowledge_does_not_slow_the_program() {
    let world = World::new();
    let (_, status) = shell(&world);
    let lock_path = world.sessions.hosts().lock(status.project, status.terminal);
    let address = lock::read_address(&lock_path).unwrap();
    let mut deaf = UnixStream::connect(&address.socket).unwrap();
    let mut hello = protocol::hello(protocol::VERSION).to_vec();
    Request::Attach(protocol::Attach {
        size: protocol::ViewerSize {
            cols: 80,
            rows: 24,
            visible: true,
        },
        name: "deaf".into(),
        palette: None,
        repaints: false,
        cells: false,
    })
    .write_to(&mut hello);
    deaf.write_all(&hello).unwrap();

    let done = world.path("done");
    let mut viewer = attach(&world, &status);
    viewer.type_text(&format!(
        "yes 0123456789 | head -c 20000000; touch {}; echo the-end-$((1+1))\n",
        done.display()
    ));
    viewer.wait_for_text("the-end-2");
    exists(&done).unwrap();
    drop(deaf);
}

#[test]
fn a_viewer_left_behind_ends_with_the_same_screen_as_one_that_saw_everything() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer.type_text("seq 1 2000000; echo the-end-$((1+1))\n");
    viewer.wait_for_text("the-end-2");
    let fresh = attach(&world, &status);
    assert_eq!(viewer.text(), fresh.text());
    assert!(viewer.text().contains("2000000"));
}

#[test]
fn a_program_that_asks_for_colours_before_anybody_attached_is_told_the_window_s() {
    let world = World::new();
    let project = world.project("shop");
    let palette = Palette {
        background: Rgb(0xfd, 0xfc, 0xfa),
        dark: false,
        ..Palette::default()
    };
    let view = FirstView {
        size: SIZE,
        palette: Some(palette),
        scrollback_lines: None,
    };
    let status = world.sessions.new_shell(project.id, view).unwrap();
    let mut viewer = attach(&world, &status);
    viewer.type_text(
        "stty -echo raw; printf '\\033]11;?\\007'; head -c 23 | tr -d '\\033'; stty sane\n",
    );
    viewer.wait_for_text("rgb:fdfd/fcfc/fafa");
}

#[test]
fn the_scrollback_that_a_person_chose_is_kept_and_told_to_every_viewer() {
    let world = World::new();
    let project = world.project("shop");
    let view = FirstView {
        scrollback_lines: Some(300),
        ..FirstView::from(SIZE)
    };
    let status = world.sessions.new_shell(project.id, view).unwrap();
    let mut first = attach(&world, &status);
    first.type_text("seq 2000; echo all-$((1+1))\n");
    first.wait_for_text("all-2");
    let second = attach(&world, &status);
    let told = second.snapshots.last().unwrap();
    assert_eq!(told.scrollback, 300);
    // The lines that left the scrollback are counted: 300 are there, and the screen.
    let below = u64::from(SIZE.rows) + 300;
    assert!(
        (2000 - below..2010 - below + 10).contains(&told.first_line),
        "{}",
        told.first_line
    );
}

#[test]
fn garbage_and_overlong_frames_end_their_connection_with_a_reason_and_nothing_else() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut good = attach(&world, &status);
    let lock_path = world.sessions.hosts().lock(status.project, status.terminal);
    let socket = lock::read_address(&lock_path).unwrap().socket;
    let hello = protocol::hello(protocol::VERSION);
    for (bytes, reason) in [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "does not speak"),
        ([&hello[..], &[0xff; 64]].concat(), "bytes is not allowed"),
        ([&hello[..], &[0, 0, 0, 0]].concat(), "bytes is not allowed"),
        ([&hello[..], &[0, 0, 0, 1, 0x7f]].concat(), "unknown kind"),
        ([&hello[..], &[0, 0, 0, 2, 0x01, b'{']].concat(), "payload"),
    ] {
        let mut bad = UnixStream::connect(&socket).unwrap();
        bad.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        bad.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        bad.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.contains(reason), "{answer:?}");
    }
    good.type_text("echo still-$((40+2))\n");
    good.wait_for_text("still-42");
}

#[test]
fn a_deleted_runtime_folder_does_not_hide_a_live_host() {
    let world = World::new();
    let (_, status) = shell(&world);
    std::fs::remove_dir_all(world.path("run")).unwrap();
    let viewer = attach(&world, &status);
    assert_eq!(world.list().len(), 1);
    drop(viewer);
}

#[test]
fn a_program_in_the_terminal_may_not_type_into_it_or_end_it() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    let binary = env!("CARGO_BIN_EXE_reprise-session");
    let env: String = world
        .env
        .iter()
        .filter(|(name, _)| name.to_string_lossy().starts_with("XDG_"))
        .map(|(name, value)| format!("{}={} ", name.display(), value.display()))
        .collect();
    // A claude's own tools could run this; a shell terminal stands for it here.
    viewer.type_text(&format!("{env} {binary} list; echo listed-$((1+1))\n"));
    viewer.wait_for_text("listed-2");
    let lock_path = world.sessions.hosts().lock(status.project, status.terminal);
    let socket = lock::read_address(&lock_path).unwrap().socket;
    let kill = b"RPRS\\000\\001\\000\\000\\000\\003\\006{}";
    viewer.type_text(&format!(
        "printf '{}' | python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(\"{}\"); s.sendall(sys.stdin.buffer.read()); print(s.makefile(\"rb\").read())'; echo tried-$((1+1))\n",
        String::from_utf8_lossy(kill),
        socket.display()
    ));
    viewer.wait_for_text("tried-2");
    assert!(viewer.text().contains("not_allowed"), "{}", viewer.text());
    viewer.type_text("echo alive-$((1+1))\n");
    viewer.wait_for_text("alive-2");
}

#[test]
fn ending_a_terminal_ends_what_runs_in_it_and_says_so() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer.type_text("trap '' HUP TERM; sleep 1000 & echo child $!; wait\n");
    let child = wait_for("the child's pid", || {
        viewer.receive();
        let text = viewer.text();
        let line = text.lines().find(|line| line.starts_with("child "))?;
        line["child ".len()..].trim().parse::<u32>().ok()
    });
    let child = ProcessRef::of(child).unwrap();
    let host = ProcessRef::of(status.host_pid).unwrap();
    let began = Instant::now();
    world
        .sessions
        .hosts()
        .close(status.project, status.terminal)
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(12));
    assert!(!child.is_alive());
    wait_for("the host's end", || (!host.is_alive()).then_some(()));
    assert!(world.list().is_empty());
    let exit = viewer.wait_for_end();
    assert_eq!(exit.signal, Some(9));
}

#[test]
fn the_exit_status_of_the_program_reaches_the_viewers_after_its_last_bytes() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer.type_text("echo goodbye-$((1+1)); exit 7\n");
    assert_eq!(viewer.wait_for_end().code, 7);
    assert!(viewer.text().contains("goodbye-2"));
}

#[test]
fn shells_are_counted_and_independent_of_each_other() {
    let world = World::new();
    let (project, first) = shell(&world);
    let second = world.sessions.new_shell(project.id, SIZE).unwrap();
    assert_eq!(
        (first.terminal, second.terminal),
        (TerminalKey::Shell(1), TerminalKey::Shell(2))
    );
    world
        .sessions
        .hosts()
        .close(project.id, first.terminal)
        .unwrap();
    assert_eq!(
        world.sessions.hosts().of_project(project.id),
        [TerminalKey::Shell(2)]
    );
}

#[test]
fn a_host_that_the_system_ends_ends_its_program_and_keeps_its_picture() {
    let world = World::new();
    let (project, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer.type_text("trap 'printf \\033[2J; exit' HUP; echo the-picture-$((1+1))\n");
    viewer.wait_for_text("the-picture-2");
    let (host, program) = (
        ProcessRef::of(status.host_pid).unwrap(),
        ProcessRef::of(status.program_pid).unwrap(),
    );
    let pid = rustix::process::Pid::from_raw(status.host_pid as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    wait_for("both to end", || {
        (!host.is_alive() && !program.is_alive()).then_some(())
    });
    let files = world
        .sessions
        .folders()
        .host_files(project.id, status.terminal);
    let picture = reprise_core::session::journal::read_picture(&files.screen).unwrap();
    assert!(String::from_utf8_lossy(&picture.bytes).contains("the-picture-2"));
}

#[test]
fn a_stopped_program_is_woken() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    // The program of the terminal itself stops: no shell is there that could bring it back.
    viewer.type_text("echo stopping; kill -STOP $$; echo woken-$((1+1))\n");
    viewer.wait_for_text("woken-2");
}

#[test]
fn a_program_that_fails_at_once_is_still_seen_by_who_started_it() {
    let world = World::with_env(&[("ENV", "$HOME/fails")]);
    let fails = world.path("home").join("fails");
    std::fs::write(fails, "echo cannot load libfoo\nexit 3\n").unwrap();
    let (_, status) = shell(&world);
    wait_for("the program's end", || {
        (!std::path::Path::new(&format!("/proc/{}", status.program_pid)).exists()).then_some(())
    });

    let mut viewer = attach(&world, &status);
    assert_eq!(viewer.wait_for_end().code, 3);
    assert!(viewer.text().contains("cannot load libfoo"));
}

#[test]
fn a_host_whose_log_cannot_be_written_to_goes_on() {
    let world = World::new();
    let project = world.project("shop");
    let folders = world.sessions.folders();
    let files = folders.host_files(project.id, TerminalKey::Shell(1));
    std::fs::create_dir_all(folders.project_hosts_dir(project.id)).unwrap();
    // As on a full disk.
    std::os::unix::fs::symlink("/dev/full", &files.log).unwrap();
    let status = world.sessions.new_shell(project.id, SIZE).unwrap();
    let mut stranger = BlockingConnection::open(&files.lock).unwrap();
    stranger.send(&Request::Hook(b"{}".to_vec())).unwrap();
    assert!(stranger.receive().is_err(), "a hook gets no answer");
    let now = world.sessions.hosts().get(project.id, status.terminal);
    let now = now.unwrap().unwrap();
    assert_eq!((now.host_pid, now.ignored_hooks), (status.host_pid, 1));
}

#[test]
fn a_viewer_that_reads_slowly_still_gets_the_last_bytes_and_the_end() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    // As much as a viewer is sent at once, and more than a socket holds.
    viewer.type_text("head -c 300000 /dev/zero | tr '\\0' x; echo; echo last-$((1+1)); exit 7\n");
    let program = ProcessRef::of(status.program_pid).unwrap();
    wait_for("the program's end", || (!program.is_alive()).then_some(()));
    assert_eq!(viewer.wait_for_end().code, 7);
    assert!(viewer.text().contains("last-2"), "{}", viewer.text());
}

#[test]
fn a_host_that_hangs_makes_nobody_wait_for_ever() {
    let world = World::new();
    let (project, status) = shell(&world);
    let host = Pid::from_raw(status.host_pid as i32).unwrap();
    let lock_path = world.sessions.hosts().lock(project.id, status.terminal);
    let socket = lock::read_address(&lock_path).unwrap().socket;
    kill_process(host, Signal::STOP).unwrap();
    // As many connections as the system keeps for it. A plain connect would now wait.
    let full = (0..100_000).find_map(|_| connect_now(&socket).err());
    assert_eq!(full.map(|error| error.kind()), Some(ErrorKind::WouldBlock));
    let began = Instant::now();
    assert!(
        world
            .sessions
            .hosts()
            .get(project.id, status.terminal)
            .is_err()
    );
    assert!(began.elapsed() < Duration::from_secs(15));
    kill_process(host, Signal::CONT).unwrap();
    wait_for("the host to answer", || {
        world.sessions.hosts().get(project.id, status.terminal).ok()
    });
}

#[test]
fn a_program_that_the_journal_cannot_tell_of_is_ended_again() {
    let world = World::with_limits(&[], "trap '' XFSZ; ulimit -f 1");
    let project = world.project("shop");
    let stubborn = world.path("stubborn");
    std::fs::write(&stubborn, "trap '' HUP\nwhile :; do sleep 1; done\n").unwrap();
    let folders = world.sessions.folders();
    let files = folders.host_files(project.id, TerminalKey::Shell(1));
    std::fs::create_dir_all(folders.project_hosts_dir(project.id)).unwrap();
    // The record of the start does not fit any more.
    std::fs::write(&files.journal, format!("{}\n", "x".repeat(500))).unwrap();
    let home = world.path("home/.profile");
    std::fs::write(
        home,
        format!("[ -t 1 ] && exec /bin/sh {}\n", stubborn.display()),
    )
    .unwrap();
    let error = world.sessions.new_shell(project.id, SIZE).unwrap_err();
    assert!(error.to_string().contains("shell-1.journal"), "{error}");
    let mark = stubborn.to_string_lossy().into_owned();
    let left: Vec<String> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("cmdline")).ok())
        .filter(|line| line.contains(&mark))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(world.list().is_empty());
}

#[test]
fn a_program_starts_with_default_signals_and_nothing_open_but_its_terminal() {
    let world = World::new();
    let (_, status) = shell(&world);
    let mut viewer = attach(&world, &status);
    viewer
        .type_text("sh -c 'grep SigIgn /proc/$$/status; ls -l /proc/$$/fd; echo seen-$((1+1))'\n");
    viewer.wait_for_text("seen-2");
    let text = viewer.text();
    let ignored = text.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    // Those of the C library for itself come after the 31 ordinary ones.
    assert_eq!(ignored & 0x7fff_ffff, 0, "{text}");
    let open: Vec<&str> = text.lines().filter(|line| line.contains(" -> ")).collect();
    assert!(
        open.iter().all(|line| line.contains("-> /dev/pts/")),
        "{text}"
    );
}
