//! The mouse as a person holds it: by XTEST, at the cells of the terminal in front.

use super::app::App;
use super::wait::{SLOW, wait_for};
use super::webdriver::Element;

/// A way of the mouse's wheel: away from the person is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wheel {
    Up,
    Down,
}

impl Wheel {
    /// The button that X11 has for it.
    fn button(self) -> &'static str {
        match self {
            Self::Up => "4",
            Self::Down => "5",
        }
    }
}

/// A cell of the terminal's screen, counted from zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub column: usize,
    pub row: usize,
}

impl Cell {
    /// The cell so many columns to the right and so many rows below.
    pub fn and(self, columns: isize, rows: isize) -> Self {
        Self {
            column: self.column.saturating_add_signed(columns),
            row: self.row.saturating_add_signed(rows),
        }
    }
}

impl App<'_> {
    /// The first cell of a text on the terminal's screen, once it stands there.
    #[track_caller]
    pub fn cell_of(&self, text: &str) -> Cell {
        wait_for(&format!("{text:?} on the screen"), SLOW, || {
            let viewer = self.viewer()?;
            let found = viewer.lines.iter().enumerate().find_map(|(row, line)| {
                let at = line.text.find(text)?;
                let column = line.text[..at].chars().count();
                Some(Cell { column, row })
            });
            found.ok_or_else(|| viewer.text())
        })
    }

    /// A place in a cell, so far to the right of its left edge as a part of its width, in CSS
    /// pixels of the page.
    fn place_in(&self, cell: Cell, across: f64) -> (f64, f64) {
        let script = "const area = document.querySelector('.terminals .screen:not([hidden]) .xterm-screen'); \
            const { left, top, width, height } = area.getBoundingClientRect(); \
            const { cols, rows } = window.__reprise_viewer(); \
            return [left + arguments[0] * width / cols, top + (arguments[1] + 0.5) * height / rows];";
        let column = cell.column as f64 + across;
        let place = self
            .web()
            .execute(script, &[column.into(), cell.row.into()])
            .expect("the terminal's place");
        (place[0].as_f64().expect("x"), place[1].as_f64().expect("y"))
    }

    /// Where the text stands on the terminal's screen: the middle of its first cell, in CSS
    /// pixels of the page.
    #[track_caller]
    pub fn place_of(&self, text: &str) -> (f64, f64) {
        self.place_in(self.cell_of(text), 0.5)
    }

    /// Moves the pointer to a cell.
    #[track_caller]
    pub fn point(&self, cell: Cell) {
        self.point_in(cell, 0.5);
    }

    #[track_caller]
    fn point_in(&self, cell: Cell, across: f64) {
        self.point_to(self.place_in(cell, across));
    }

    /// Moves the pointer to the middle of an element.
    #[track_caller]
    pub fn point_at(&self, element: &Element) {
        self.point_to(self.web().middle(element).expect("it has a place"));
    }

    /// Moves the pointer to a place of the page, in CSS pixels.
    #[track_caller]
    fn point_to(&self, (x, y): (f64, f64)) {
        // The page begins below the window's own menu bar.
        let page = self.web().execute("return window.innerHeight", &[]);
        let page = page.expect("the page's height").as_f64().unwrap_or(0.0);
        let window = f64::from(self.window_size().1);
        let (x, y) = (x.round(), (y + window - page).round());
        let (x, y) = (x.to_string(), y.to_string());
        self.mouse(&["getactivewindow", "mousemove", "--window", "%1", &x, &y]);
    }

    /// Presses and releases a button: 1 left, 2 middle, 3 right.
    #[track_caller]
    pub fn press(&self, button: &str) {
        self.mouse(&["click", button]);
    }

    /// Clicks so often that it is one click of many.
    #[track_caller]
    pub fn press_times(&self, times: usize) {
        self.mouse(&[
            "click",
            "--repeat",
            &times.to_string(),
            "--delay",
            "40",
            "1",
        ]);
    }

    /// Turns the wheel by a notch, where the pointer is.
    #[track_caller]
    pub fn turn(&self, way: Wheel) {
        self.press(way.button());
    }

    /// Drags with the left button from one cell over another, both included.
    #[track_caller]
    pub fn drag(&self, from: Cell, to: Cell) {
        self.drag_while(from, to, || {});
    }

    /// Drags so, and does something else while the button is down.
    #[track_caller]
    pub fn drag_while(&self, from: Cell, to: Cell, act: impl FnOnce()) {
        self.point_in(from, 0.1);
        self.mouse(&["mousedown", "1"]);
        self.point_in(to, 0.1);
        act();
        self.point_in(to, 0.9);
        self.mouse(&["mouseup", "1"]);
    }

    /// Holds a key while `act` is done.
    #[track_caller]
    pub fn holding<T>(&self, key: &str, act: impl FnOnce() -> T) -> T {
        self.mouse(&["keydown", key]);
        let done = act();
        self.mouse(&["keyup", key]);
        done
    }

    /// Turns the mouse's wheel by a notch, over the terminal and with Ctrl held down.
    pub fn wheel_with_ctrl(&self, way: Wheel) {
        let middle = Cell {
            column: 40,
            row: 10,
        };
        self.point(middle);
        self.holding("ctrl", || self.turn(way));
    }

    #[track_caller]
    fn mouse(&self, arguments: &[&str]) -> String {
        self.world
            .display
            .xdotool(arguments)
            .expect("xdotool has the mouse")
    }
}
