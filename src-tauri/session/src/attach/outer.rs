//! The terminal that `attach` runs in: drawn into, and given back as it was.

use std::io::{self, Write};

use reprise_core::model::TerminalSize;
use reprise_core::session::screen::{RESET_INPUT_MODES, Viewport};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};

/// The outer terminal while a session is shown in it. Dropping this restores it, whatever
/// the way out.
pub struct Outer {
    before: Termios,
    drawn: Option<Drawn>,
}

/// What stands on the outer terminal now.
struct Drawn {
    outer: TerminalSize,
    inner: TerminalSize,
    viewport: Viewport,
    note: Option<String>,
}

impl Outer {
    /// Takes the terminal over: raw input, the alternate screen.
    ///
    /// # Errors
    /// What the system says.
    pub fn take() -> io::Result<Self> {
        let stdin = rustix::stdio::stdin();
        let before = tcgetattr(stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        tcsetattr(stdin, OptionalActions::Now, &raw)?;
        let outer = Self {
            before,
            drawn: None,
        };
        // The title is put on the terminal's own stack, the screen left as it is below. What the
        // wheel is in it (mode 1007) is the person's setting in many: the terminal remembers it.
        write(b"\x1b[22;0t\x1b[?1007s\x1b[?1049h\x1b[0m\x1b[H\x1b[2J")?;
        Ok(outer)
    }

    /// Its size.
    pub fn size() -> TerminalSize {
        match tcgetwinsize(rustix::stdio::stdout()) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => TerminalSize {
                cols: size.ws_col,
                rows: size.ws_row,
            },
            _ => TerminalSize { cols: 80, rows: 24 },
        }
    }

    /// Draws the session, as far as it differs from what stands there. `note` is shown below
    /// it where there is room.
    ///
    /// # Errors
    /// What the system says.
    pub fn draw(
        &mut self,
        inner: TerminalSize,
        viewport: Viewport,
        note: Option<String>,
    ) -> io::Result<()> {
        let outer = Self::size();
        let mut out = b"\x1b[?2026h\x1b[?25l\x1b[0m".to_vec();
        let before = self
            .drawn
            .take()
            .filter(|drawn| drawn.outer == outer && drawn.inner == inner && drawn.note == note);
        if before.is_none() {
            out.extend_from_slice(b"\x1b[2J");
        }
        let shown = usize::from(outer.rows);
        for (y, row) in viewport.rows.iter().enumerate().take(shown) {
            let unchanged = before
                .as_ref()
                .is_some_and(|drawn| drawn.viewport.rows.get(y) == Some(row));
            if !unchanged {
                // Without wrapping a row that is too wide is cut instead of spilling over.
                write!(out, "\x1b[{};1H\x1b[2K\x1b[?7l", y + 1)?;
                out.extend_from_slice(row);
                out.extend_from_slice(b"\x1b[?7h");
            }
        }
        if before.is_none()
            && let Some(note) = note.as_ref().filter(|_| outer.rows > inner.rows)
        {
            let room = usize::from(outer.cols);
            let text: String = note.chars().take(room).collect();
            write!(out, "\x1b[{};1H\x1b[2m{text}\x1b[0m", inner.rows + 1)?;
        }
        if before
            .as_ref()
            .is_none_or(|drawn| drawn.viewport.input_modes != viewport.input_modes)
        {
            out.extend_from_slice(&viewport.input_modes);
        }
        let (x, y) = viewport.cursor;
        write!(out, "\x1b[{};{}H", y + 1, x + 1)?;
        if viewport.cursor_shown {
            out.extend_from_slice(b"\x1b[?25h");
        }
        out.extend_from_slice(b"\x1b[?2026l");
        self.drawn = Some(Drawn {
            outer,
            inner,
            viewport,
            note,
        });
        write(&out)
    }

    /// Gives the outer terminal this title.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_title(&self, title: &str) -> io::Result<()> {
        let title: String = title.chars().filter(|c| !c.is_control()).collect();
        write(format!("\x1b]0;{title}\x07").as_bytes())
    }

    /// Rings its bell.
    ///
    /// # Errors
    /// What the system says.
    pub fn ring(&self) -> io::Result<()> {
        write(b"\x07")
    }
}

impl Drop for Outer {
    fn drop(&mut self) {
        let mut out = b"\x1b[?2026l".to_vec();
        out.extend_from_slice(RESET_INPUT_MODES);
        // A terminal that remembers no mode has the one that was given it.
        out.extend_from_slice(b"\x1b[?1007r\x1b[0m\x1b[?7h\x1b[?1049l\x1b[23;0t");
        // On the way out there is nobody left to tell.
        let _ = write(&out);
        // What the terminal still answers or reports is not left for the shell to read.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &self.before);
    }
}

fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
