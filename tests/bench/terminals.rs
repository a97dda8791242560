//! The terminals that Reprise is held against: Alacritty, kitty and xterm as they come, with a scrollback
//! as long as Reprise's, and a reader that throws everything away.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::window::{Listed, Process, World};

/// Lines above the screen that each keeps.
const SCROLLBACK: u32 = 10_000;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    pub cols: u16,
    pub rows: u16,
}

impl Grid {
    /// That of a terminal in Reprise.
    pub fn of(listed: &Listed) -> Self {
        Self {
            cols: listed.cols,
            rows: listed.rows,
        }
    }
}

/// A terminal emulator of the system.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Terminal {
    Alacritty,
    Kitty,
    Xterm,
}

impl Terminal {
    pub const ALL: [Self; 3] = [Self::Alacritty, Self::Kitty, Self::Xterm];

    pub fn name(self) -> &'static str {
        match self {
            Self::Alacritty => "Alacritty",
            Self::Kitty => "kitty",
            Self::Xterm => "xterm",
        }
    }

    /// Its name in the keys of the results.
    pub fn key(self) -> &'static str {
        match self {
            Self::Alacritty => "alacritty",
            Self::Kitty => "kitty",
            Self::Xterm => "xterm",
        }
    }

    /// Opens a window of this grid in which `program` runs.
    pub fn open(self, world: &World, grid: Grid, program: &[&str]) -> Process {
        let Grid { cols, rows } = grid;
        let options: Vec<String> = match self {
            Self::Alacritty => vec![
                "-o".into(),
                format!("window.dimensions.columns={cols}"),
                "-o".into(),
                format!("window.dimensions.lines={rows}"),
                "-o".into(),
                format!("scrolling.history={SCROLLBACK}"),
                "-e".into(),
            ],
            Self::Kitty => vec![
                "--config=NONE".into(),
                format!("--override=initial_window_width={cols}c"),
                format!("--override=initial_window_height={rows}c"),
                format!("--override=scrollback_lines={SCROLLBACK}"),
                "--override=remember_window_size=no".into(),
                "--override=update_check_interval=0".into(),
                "--override=shell_integration=disabled".into(),
            ],
            Self::Xterm => vec![
                "-geometry".into(),
                format!("{cols}x{rows}"),
                "-sl".into(),
                SCROLLBACK.to_string(),
                "-e".into(),
            ],
        };
        let mut command = Command::new(self.key());
        world.inside(&mut command);
        command.current_dir(&world.workspace);
        command.args(options).args(program);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Process::start(&mut command)
    }
}

/// Runs `program` in a PTY of this grid, reads as fast as it can, keeps nothing, and answers the
/// one question at the end.
pub fn null_reader(world: &World, grid: Grid, program: &[&str]) {
    let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let size = Winsize {
        ws_col: grid.cols,
        ws_row: grid.rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&ours, size).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    // Started without a terminal, the bench would get this one as its own, and be stopped by it.
    let no_terminal = OFlags::NOCTTY.bits().cast_signed();
    let theirs = File::options()
        .read(true)
        .write(true)
        .custom_flags(no_terminal)
        .open(name)
        .unwrap();
    let mut command = Command::new(program[0]);
    world.inside(&mut command);
    command.current_dir(&world.workspace).args(&program[1..]);
    command
        .stdin(theirs.try_clone().unwrap())
        .stdout(theirs.try_clone().unwrap())
        .stderr(theirs);
    let mut script = Process::start(&mut command);
    drop(command);

    const QUESTION: &[u8] = b"\x1b[6n";
    let mut ours = File::from(ours);
    let mut buffer = vec![0; 256 * 1024];
    let mut tail = Vec::new();
    loop {
        let read = ours
            .read(&mut buffer)
            .expect("the script writes until it is answered");
        tail.extend_from_slice(&buffer[read.saturating_sub(8)..read]);
        if tail.ends_with(QUESTION) {
            break;
        }
        tail.drain(..tail.len().saturating_sub(8));
    }
    ours.write_all(b"\x1b[1;1R").unwrap();
    script.child.wait().unwrap();
}
