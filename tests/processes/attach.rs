//! `reprise-session attach` in a real terminal: a pane of tmux.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use reprise_core::model::{TerminalKey, TerminalSize};
use reprise_core::session::protocol::HostStatus;
use rustix::process::{Pid, Signal, kill_process};

use crate::viewer::Viewer;
use crate::world::{SIZE, World, wait_for};

/// A tmux server of its own with one pane, 80 × 24, that runs a shell.
struct Tmux<'a> {
    world: &'a World,
    socket: PathBuf,
}

impl<'a> Tmux<'a> {
    fn new(world: &'a World) -> Self {
        let tmux = Self {
            world,
            socket: world.path("tmux"),
        };
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            "/bin/sh",
        ]);
        tmux.run(&["set-option", "-g", "status", "off"]);
        // Without the status line the pane has the whole window.
        tmux.run(&["resize-window", "-x", "80", "-y", "24"]);
        tmux
    }

    fn run(&self, args: &[&str]) -> Output {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(&self.socket)
            .args(args)
            .env_clear()
            .envs(self.world.env.clone())
            .env("TERM", "xterm-256color")
            .output()
            .expect("tmux must be installed: run `make setup-test`");
        assert!(output.status.success(), "{args:?}: {output:?}");
        output
    }

    fn type_line(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
        self.run(&["send-keys", "Enter"]);
    }

    fn key(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    /// The visible text, one line per row, without trailing blanks.
    fn text(&self) -> String {
        let output = self.run(&["capture-pane", "-p"]);
        let text = String::from_utf8(output.stdout).unwrap();
        let mut rows: Vec<&str> = text.lines().map(str::trim_end).collect();
        rows.resize(24, "");
        rows.iter().map(|row| format!("{row}\n")).collect()
    }

    fn wait_for_text(&self, text: &str) {
        wait_for(text, || self.text().contains(text).then_some(()));
    }

    fn attach(&self, status: &HostStatus) {
        let binary = env!("CARGO_BIN_EXE_reprise-session");
        self.type_line(&format!(
            "{binary} attach {} --terminal {}",
            status.project, status.terminal
        ));
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.run(&["kill-server"]);
    }
}

fn shell(world: &World) -> HostStatus {
    let project = world.project("shop");
    world.sessions.new_shell(project.id, SIZE).unwrap()
}

fn view(world: &World, status: &HostStatus) -> Viewer {
    Viewer::attach(
        &world.sessions.hosts().lock(status.project, status.terminal),
        SIZE,
    )
}

#[test]
fn a_pane_shows_the_same_screen_as_another_viewer_and_both_can_type() {
    let world = World::new();
    let status = shell(&world);
    let mut viewer = view(&world, &status);
    viewer.type_text("printf '\\033[31mred\\033[0m ação 日本 \\033[7mend\\033[0m\\n'\n");
    viewer.wait_for_text("ação 日本 end");
    let tmux = Tmux::new(&world);
    tmux.attach(&status);
    tmux.wait_for_text("ação 日本 end");
    tmux.type_line("echo from-the-pane-$((1+1))");
    viewer.wait_for_text("from-the-pane-2");
    viewer.type_text("echo from-the-viewer-$((1+1))\n");
    tmux.wait_for_text("from-the-viewer-2");
    viewer.wait_for_text("from-the-viewer-2");
    wait_for("equal screens", || {
        (tmux.text() == viewer.text()).then_some(())
    });
    assert_eq!(world.list()[0]["clients"], 2);
}

#[test]
fn detaching_leaves_the_session_running_and_the_terminal_as_it_was() {
    let world = World::new();
    let status = shell(&world);
    let mut viewer = view(&world, &status);
    let tmux = Tmux::new(&world);
    tmux.type_line("echo before-$((1+1))");
    tmux.wait_for_text("before-2");
    tmux.attach(&status);
    wait_for("two viewers", || {
        (world.list()[0]["clients"] == 2).then_some(())
    });
    // Everything that a program may leave switched on in a terminal.
    viewer.type_text("printf '\\033[?1049h\\033[?1003h\\033[?1006h\\033[?2004h\\033[?25l\\033[?1h'; echo modes-$((1+1))\n");
    tmux.wait_for_text("modes-2");
    wait_for("the pane's mouse mode", || {
        let flags = tmux.run(&["display-message", "-p", "#{mouse_any_flag}#{cursor_flag}"]);
        (flags.stdout == b"10\n").then_some(())
    });
    tmux.key("C-\\");
    tmux.wait_for_text("[detached from shell-1 of shop; it goes on]");
    assert!(tmux.text().contains("before-2"), "{}", tmux.text());
    let flags = tmux.run(&[
        "display-message",
        "-p",
        "#{mouse_any_flag}#{cursor_flag}#{alternate_on}#{keypad_cursor_flag}",
    ]);
    assert_eq!(flags.stdout, b"0100\n");
    tmux.type_line("stty -a | grep -c ' echo '; echo after-$((1+1))");
    tmux.wait_for_text("after-2");
    assert!(tmux.text().contains("\n1\n"), "{}", tmux.text());
    assert_eq!(world.list()[0]["clients"], 1);
}

#[test]
fn the_wheel_is_the_arrow_keys_where_the_program_has_the_whole_screen_and_wants_that() {
    let world = World::new();
    let status = shell(&world);
    let mut viewer = view(&world, &status);
    let tmux = Tmux::new(&world);
    // tmux does not know the mode: what its pane is sent says it.
    let sent = world.path("sent");
    tmux.run(&["pipe-pane", &format!("cat > '{}'", sent.display())]);
    let last = |wanted: &str| {
        wait_for(wanted, || {
            let sent = fs::read(&sent).ok()?;
            let sent = String::from_utf8_lossy(&sent);
            let at = sent.rfind("\x1b[?1007")?;
            sent[at..].starts_with(wanted).then_some(())
        });
    };
    tmux.attach(&status);
    last("\x1b[?1007l");
    let mut writes = |modes: &str| viewer.type_text(&format!("printf '{modes}'\n"));
    writes("\\033[?1049h");
    last("\x1b[?1007h");
    writes("\\033[?1007l");
    last("\x1b[?1007l");
    writes("\\033[?1007h");
    last("\x1b[?1007h");
    writes("\\033[?1049l");
    last("\x1b[?1007l");
    tmux.key("C-\\");
    last("\x1b[?1007r");
    let sent = String::from_utf8_lossy(&fs::read(&sent).unwrap()).into_owned();
    let saved = sent.find("\x1b[?1007s").unwrap();
    assert!(saved < sent.find("\x1b[?1007l").unwrap(), "{sent:?}");
    assert!(sent.contains("\x1b[?1007h\x1b[?1007r"), "{sent:?}");
}

#[test]
fn a_query_is_answered_exactly_once_however_many_look_on() {
    let world = World::new();
    let status = shell(&world);
    // Reads everything that comes for a moment after the question.
    let script = world.path("ask.py");
    std::fs::write(
        &script,
        "import os,re,sys,termios,tty,select,time\n\
         while not os.path.exists(sys.argv[2]): time.sleep(0.02)\n\
         old=termios.tcgetattr(0); tty.setraw(0)\n\
         os.write(1,b'\\033[c\\033[6n\\033[5n\\033[>0q\\033]11;?\\007\\033[?2026$p')\n\
         got=b''; end=time.time()+1.5\n\
         while time.time()<end:\n\
         \x20   if select.select([0],[],[],0.1)[0]: got+=os.read(0,4096)\n\
         termios.tcsetattr(0,termios.TCSADRAIN,old)\n\
         answers=[got.count(b'\\033[?6'),len(re.findall(b'[0-9];[0-9]+R',got)),got.count(b'\\033[0n'),got.count(b'\\033P>|'),got.count(b'\\033]11;rgb'),got.count(b'$y')]\n\
         open(sys.argv[1],'w').write(repr(answers))\n",
    )
    .unwrap();
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    for (viewers, file) in ["none", "one", "two"].iter().enumerate() {
        let answers = world.path(file);
        let go = world.path(&format!("go-{file}"));
        let mut typist = Viewer::attach(&lock, SIZE);
        typist.type_text(&format!(
            "python3 {} {} {}\n",
            script.display(),
            answers.display(),
            go.display()
        ));
        typist.wait_for_text(&format!("go-{file}"));
        let mut pane = None;
        let stays = match viewers {
            0 => {
                drop(typist);
                None
            }
            1 => Some(typist),
            _ => {
                pane.insert(Tmux::new(&world)).attach(&status);
                Some(typist)
            }
        };
        wait_for("the viewers", || {
            (world.list()[0]["clients"] == viewers).then_some(())
        });
        std::fs::write(&go, "").unwrap();
        let got = wait_for("the answers", || {
            std::fs::read_to_string(&answers)
                .ok()
                .filter(|text| !text.is_empty())
        });
        assert_eq!(got, "[1, 1, 1, 1, 1, 1]", "with {viewers} viewers");
        drop(stays);
    }
}

#[test]
fn a_terminal_larger_than_the_session_says_who_keeps_it_small() {
    let world = World::new();
    let status = shell(&world);
    let lock = world.sessions.hosts().lock(status.project, status.terminal);
    let small = TerminalSize { cols: 60, rows: 12 };
    let viewer = Viewer::attach(&lock, small);
    let tmux = Tmux::new(&world);
    tmux.attach(&status);
    tmux.wait_for_text("60 × 12, limited by test");
    drop(viewer);
    wait_for("the whole pane", || {
        (world.list()[0]["cols"] == 80).then_some(())
    });
    wait_for("the note to go", || {
        (!tmux.text().contains("limited by")).then_some(())
    });
}

#[test]
fn what_cannot_be_attached_is_said_with_its_own_exit_code() {
    let world = World::new();
    let project = world.project("shop");
    let outcome = |args: &[&str]| {
        let output = world.run(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), error)
    };
    let (code, error) = outcome(&["kill", "nowhere"]);
    assert_eq!(code, Some(3));
    assert!(error.contains("\"nowhere\""), "{error}");
    for word in ["shop", &project.id.to_string(), &project.workspace_path] {
        let (code, error) = outcome(&["kill", word]);
        assert_eq!(code, Some(4), "{error}");
    }
    let (code, error) = outcome(&["attach", "shop"]);
    assert_eq!(code, Some(1));
    assert!(error.contains("needs a terminal"), "{error}");
    assert_eq!(outcome(&["attach"]).0, Some(2));
    let status = world.sessions.new_shell(project.id, SIZE).unwrap();
    assert_eq!(status.terminal, TerminalKey::Shell(1));
    assert_eq!(
        outcome(&["kill", "shop", "--terminal", "shell-1"]).0,
        Some(0)
    );
    assert!(world.list().is_empty());
}

#[test]
fn what_the_program_does_not_read_keeps_nobody_from_detaching() {
    let world = World::new();
    let status = shell(&world);
    let tmux = Tmux::new(&world);
    tmux.attach(&status);
    wait_for("the viewer", || {
        (world.list()[0]["clients"] == 1).then_some(())
    });
    let host = Pid::from_raw(status.host_pid as i32).unwrap();
    kill_process(host, Signal::STOP).unwrap();
    // More than a socket holds.
    let pasted = world.path("pasted");
    std::fs::write(&pasted, "x".repeat(1_000_000)).unwrap();
    tmux.run(&["load-buffer", pasted.to_str().unwrap()]);
    tmux.run(&["paste-buffer"]);
    tmux.key("C-\\");
    tmux.wait_for_text("detached");
    kill_process(host, Signal::CONT).unwrap();
}
