//! The modes a program can set.

/// Which mouse events the program wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MouseProtocol {
    None,
    X10,
    Vt200,
    Drag,
    Any,
}

impl MouseProtocol {
    /// The private mode that asks for it.
    pub fn mode(self) -> Option<u16> {
        match self {
            Self::None => None,
            Self::X10 => Some(9),
            Self::Vt200 => Some(1000),
            Self::Drag => Some(1002),
            Self::Any => Some(1003),
        }
    }
}

/// How mouse events are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MouseEncoding {
    Default,
    Sgr,
    SgrPixels,
}

impl MouseEncoding {
    pub fn mode(self) -> Option<u16> {
        match self {
            Self::Default => None,
            Self::Sgr => Some(1006),
            Self::SgrPixels => Some(1016),
        }
    }
}

/// Modes that a soft reset (DECSTR) sets back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SoftModes {
    pub insert: bool,
    pub application_cursor: bool,
    pub application_keypad: bool,
    pub bracketed_paste: bool,
    pub origin: bool,
    pub reverse_wraparound: bool,
    pub focus: bool,
    pub synchronized: bool,
    pub wraparound: bool,
    /// DECSCUSR as it was given; `None` is the viewer's own style.
    pub cursor_style: Option<CursorStyle>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CursorShape {
    /// DECSCUSR with a number that is no shape: only the blinking is set.
    Unset,
    Block,
    Underline,
    Bar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CursorStyle {
    pub shape: CursorShape,
    pub blink: bool,
}

impl CursorStyle {
    /// The parameter of DECSCUSR.
    pub fn number(self) -> u16 {
        let steady = match self.shape {
            CursorShape::Unset => 8,
            CursorShape::Block => 2,
            CursorShape::Underline => 4,
            CursorShape::Bar => 6,
        };
        steady - u16::from(self.blink)
    }
}

impl Default for SoftModes {
    fn default() -> Self {
        Self {
            insert: false,
            application_cursor: false,
            application_keypad: false,
            bracketed_paste: false,
            origin: false,
            reverse_wraparound: false,
            focus: false,
            synchronized: false,
            wraparound: true,
            cursor_style: None,
        }
    }
}

/// All modes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Modes {
    pub soft: SoftModes,
    pub mouse: MouseProtocol,
    pub mouse_encoding: MouseEncoding,
    pub cursor_hidden: bool,
    /// Mode 12, once the program set or reset it: until then the viewer's own setting rules.
    pub cursor_blink: Option<bool>,
    /// LNM: a line feed is a new line. A reset of the terminal leaves it, as in the viewer.
    pub new_line: bool,
    /// Mode 2031: the program is told when the colour scheme changes.
    pub scheme_reports: bool,
    /// Mode 1007: where nothing can be scrolled, the wheel is the arrow keys. On until the program
    /// says otherwise, as in most terminals.
    pub alternate_scroll: bool,
    /// Modes the viewer ignores but another terminal may not: 1005, 1015.
    pub passive: [bool; PASSIVE.len()],
    /// The program's modifyOtherKeys level (`CSI > 4 ; n m`).
    pub modify_other_keys: u8,
}

/// See [`Modes::passive`].
pub(super) const PASSIVE: [u16; 2] = [1005, 1015];

impl Default for Modes {
    fn default() -> Self {
        Self {
            soft: SoftModes::default(),
            mouse: MouseProtocol::None,
            mouse_encoding: MouseEncoding::Default,
            cursor_hidden: false,
            cursor_blink: None,
            new_line: false,
            scheme_reports: false,
            alternate_scroll: true,
            passive: [false; PASSIVE.len()],
            modify_other_keys: 0,
        }
    }
}
