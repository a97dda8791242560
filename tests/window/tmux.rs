//! A pane of tmux: a terminal that is not ours, to look at what `reprise-session attach` shows.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::world::World;

pub struct Tmux<'world> {
    world: &'world World,
    socket: PathBuf,
}

impl<'world> Tmux<'world> {
    /// Starts `program` in a pane of `cols` × `rows`. The pane stays when the program ends.
    pub fn start(world: &'world World, cols: u16, rows: u16, program: &[&str]) -> Self {
        let tmux = Self {
            world,
            socket: world.socket("tmux"),
        };
        let (cols, rows) = (cols.to_string(), rows.to_string());
        let quoted: Vec<String> = program.iter().map(|word| format!("'{word}'")).collect();
        tmux.run(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            &cols,
            "-y",
            &rows,
            &quoted.join(" "),
            ";",
            "set-option",
            "-g",
            "status",
            "off",
            ";",
            "set-option",
            "-g",
            "remain-on-exit",
            "on",
        ]);
        tmux
    }

    /// What the pane shows, a line per row, without the blanks at the ends.
    pub fn rows(&self) -> Vec<String> {
        let text = self.run(&["capture-pane", "-p"]);
        text.lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }

    pub fn text(&self) -> String {
        self.rows().join("\n")
    }

    /// Types text as it stands.
    pub fn type_text(&self, text: &str) {
        self.run(&["send-keys", "-l", "--", text]);
    }

    /// Presses a key by tmux's name for it: `Enter`, `C-\`.
    pub fn key(&self, key: &str) {
        self.run(&["send-keys", key]);
    }

    fn run(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("tmux");
        self.world.inside(&mut command);
        let output = command
            .arg("-S")
            .arg(&self.socket)
            .args(arguments)
            .env("TERM", "xterm-256color")
            .stdin(Stdio::null())
            .output()
            .expect("tmux runs");
        assert!(
            output.status.success(),
            "tmux {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}
