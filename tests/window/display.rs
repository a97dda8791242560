//! An X server that nobody looks at, with a window manager: focus and Alt+F4 are its work.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::processes::Process;
use super::wait::{QUICK, wait_for};

pub struct Display {
    /// `:7`
    pub name: String,
    manager: Process,
    server: Process,
}

impl Display {
    /// Starts both; `environment` is what the window manager gets beside `DISPLAY`.
    pub fn start(environment: &[(String, String)]) -> Self {
        let mut server = Process::start(
            Command::new("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", "1360x860x24"])
                .args(["-nolisten", "tcp", "-noreset"])
                .env_clear()
                .envs(environment.iter().cloned())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut number = String::new();
        let pipe = server.child.stdout.take().expect("a piped stdout");
        BufReader::new(pipe)
            .read_line(&mut number)
            .expect("Xvfb tells its display");
        let name = format!(":{}", number.trim());
        let manager = Process::start(
            Command::new("openbox")
                .arg("--sm-disable")
                .env_clear()
                .envs(environment.iter().cloned())
                .env("DISPLAY", &name)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let display = Self {
            name,
            manager,
            server,
        };
        wait_for("the window manager", QUICK, || {
            let asked = display.xdotool(&["get_num_desktops"]);
            if asked.is_ok() {
                Ok(())
            } else {
                asked.map(|_| ())
            }
        });
        // With the first key of XTEST's keyboard the server tells everybody of another keyboard, and the window manager
        // takes its keys anew: one of them that is pressed meanwhile, such as Alt+F4, would reach nobody.
        display
            .xdotool(&["key", "Shift_L"])
            .expect("xdotool presses a key");
        display
    }

    /// The server and the window manager.
    pub fn pids(&self) -> [u32; 2] {
        [self.server.pid(), self.manager.pid()]
    }

    /// Runs xdotool: keys go through the XTEST extension, so the toolkit sees what a keyboard sends.
    pub fn xdotool(&self, arguments: &[&str]) -> Result<String, String> {
        self.run("xdotool", arguments)
    }

    /// Gives the keyboard another layout, for instance `us` with the variant `intl` and its dead keys.
    pub fn keyboard(&self, layout: &str, variant: &str) {
        self.run("setxkbmap", &["-layout", layout, "-variant", variant])
            .expect("the layout is known");
    }

    /// Writes what the screen shows now into a PNG.
    pub fn picture(&self, file: &std::path::Path) {
        let _ = self.run("import", &["-window", "root", &file.to_string_lossy()]);
    }

    /// Copies a file's content as another program does: as text, or as what `kind` says.
    pub fn copy(&self, selection: &str, kind: &str, file: &std::path::Path) {
        let arguments = [
            "-selection",
            selection,
            "-t",
            kind,
            "-i",
            &file.to_string_lossy(),
        ];
        // It serves what it has from the background, and must not hold on to the pipes.
        let copied = Command::new("xclip")
            .args(arguments)
            .env("DISPLAY", &self.name)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(copied.is_ok_and(|status| status.success()), "xclip -i");
    }

    /// The text that another program would paste.
    pub fn copied(&self, selection: &str) -> String {
        self.run("xclip", &["-selection", selection, "-o"])
            .unwrap_or_default()
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(program)
            .args(arguments)
            .env("DISPLAY", &self.name)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{program}: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(format!(
                "{program} {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            ))
        }
    }
}
