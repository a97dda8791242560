//! Random streams: everything a program may send, in the shapes in which programs send it.

use reprise_core::model::TerminalSize;

/// A small generator of random numbers; the same seed gives the same stream on every machine.
pub struct Random {
    state: u64,
    /// The stream may switch autowrap off; then it has no wide characters, which xterm.js breaks
    /// at the margin (DIFFERENCES.md).
    unwrapped: bool,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d,
            unwrapped: seed.is_multiple_of(4),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A piece of a stream.
#[derive(Clone, Debug)]
pub enum Op {
    Bytes(Vec<u8>),
    Resize(TerminalSize),
}

/// A stream, where it is cut, and what both sides are fed after it.
#[derive(Clone)]
pub struct Case {
    pub size: TerminalSize,
    pub scrollback: usize,
    pub before: Vec<Op>,
    /// What comes after the cut; the cut may be inside a sequence or a character.
    pub rest: Vec<Op>,
    pub continuation: Vec<Op>,
    /// Whether the viewer that is given the snapshot missed a part of the stream before it.
    pub skips: bool,
    /// Whether that viewer takes lines of the scrollback as cells.
    pub cells: bool,
}

pub fn case(seed: u64) -> Case {
    let mut random = Random::new(seed);
    let size = some_size(&mut random);
    let scrollback = random.pick(&[0, 5, 30, 200]);
    let length = 3 + random.below(60);
    let mut ops: Vec<Op> = (0..length).map(|_| op(&mut random, size, true)).collect();
    let at = random.below(ops.len() + 1);
    let mut rest = ops.split_off(at);
    // Viewers are given a snapshot at each resize, so what follows the cut has none.
    rest.retain(|op| matches!(op, Op::Bytes(_)));
    let mut before = ops;
    if let Some(Op::Bytes(bytes)) = rest.first_mut()
        && random.chance(2)
    {
        let tail = bytes.split_off(random.below(bytes.len() + 1));
        let head = std::mem::replace(bytes, tail);
        before.push(Op::Bytes(head));
    }
    rest.truncate(12);
    let continuation = continuation(&mut random, size);
    Case {
        size,
        scrollback,
        before,
        rest,
        continuation,
        skips: seed.is_multiple_of(2),
        cells: (seed / 4).is_multiple_of(2),
    }
}

/// What both sides are fed after the stream.
pub fn continuation(random: &mut Random, size: TerminalSize) -> Vec<Op> {
    (0..1 + random.below(14))
        .map(|_| op(random, size, false))
        .collect()
}

fn some_size(random: &mut Random) -> TerminalSize {
    TerminalSize {
        cols: random.pick(&[20, 21, 24, 33, 40, 80]),
        rows: random.pick(&[5, 6, 8, 12, 24]),
    }
}

fn op(random: &mut Random, size: TerminalSize, resizes: bool) -> Op {
    if resizes && random.chance(60) {
        return Op::Resize(some_size(random));
    }
    let mut out = String::new();
    match random.below(100) {
        0..=24 => text(random, &mut out),
        25..=34 => sgr(random, &mut out),
        35..=49 => cursor(random, size, &mut out),
        50..=61 => erase(random, &mut out),
        62..=67 => region(random, size, &mut out),
        68..=71 => tabs(random, &mut out),
        72..=75 => charsets(random, &mut out),
        76..=79 => alternate(random, &mut out),
        80..=83 => out.push_str(random.pick(&["\x1b7", "\x1b8", "\x1b[s", "\x1b[u", "\x1b8"])),
        84..=89 => modes(random, &mut out),
        90..=92 => strings(random, &mut out),
        93..=94 => repaint(random, size, &mut out),
        95 => out.push_str(random.pick(&[
            "\x1b[!p",
            "\x1bc",
            "\x1b[?6l\x1b#8",
            "\x1b[3J",
            "\x1b[2J\x1b[3J\x1b[H",
        ])),
        96 => long_line(random, size, &mut out),
        97 => return Op::Bytes(odd_bytes(random)),
        98 => inside_controls(random, &mut out),
        _ => queries(random, &mut out),
    }
    Op::Bytes(out.into_bytes())
}

fn number(random: &mut Random) -> usize {
    random.pick(&[0, 1, 1, 2, 3, 4, 5, 7, 10, 13, 20, 40, 99])
}

fn text(random: &mut Random, out: &mut String) {
    const WIDE: &[&str] = &[
        "日",
        "本語",
        "한",
        "（",
        "👍",
        "👍🏽",
        "👩‍👩‍👧",
        "🇧🇷",
        "❤️",
        "✨",
        "、",
    ];
    const COMBINED: &[&str] = &[
        "e\u{301}",
        "a\u{308}\u{304}",
        "\u{301}",
        "\u{200d}",
        "n\u{303}",
        "\u{fe0f}",
    ];
    const OTHER: &[&str] = &[
        "é",
        "ß",
        "─",
        "│",
        "╭",
        "●",
        "⎿",
        "…",
        "\u{a0}",
        "\u{ad}",
        "ﬁ",
        "ا",
        "ก็",
        "क्षि",
    ];
    for _ in 0..1 + random.below(8) {
        match random.below(10) {
            0..=4 => {
                for _ in 0..1 + random.below(12) {
                    out.push((0x20 + random.below(0x5f) as u8) as char);
                }
            }
            5 if !random.unwrapped => out.push_str(random.pick(WIDE)),
            6 => out.push_str(random.pick(COMBINED)),
            7 => out.push_str(random.pick(OTHER)),
            8 => out.push_str(random.pick(&["\r\n", "\n", "\r", "\x08", "\t", "\x0b", "\r\n"])),
            _ => out.push_str(&"x".repeat(random.below(30))),
        }
    }
}

fn sgr(random: &mut Random, out: &mut String) {
    out.push_str("\x1b[");
    for i in 0..1 + random.below(4) {
        if i > 0 {
            out.push(';');
        }
        match random.below(9) {
            0 => out.push_str(random.pick(&["0", "", "39", "49", "59", "22", "24", "27"])),
            1..=2 => out
                .push_str(random.pick(&["1", "2", "3", "4", "5", "7", "8", "9", "21", "53", "55"])),
            3 => out.push_str(random.pick(&["4:0", "4:1", "4:2", "4:3", "4:4", "4:5"])),
            4 => out.push_str(&(30 + random.below(8)).to_string()),
            5 => out.push_str(&(40 + random.below(8)).to_string()),
            6 => out.push_str(&(random.pick(&[90, 100]) + random.below(8)).to_string()),
            7 => {
                let which = random.pick(&["38", "48", "58"]);
                out.push_str(&format!("{which};5;{}", random.below(256)));
            }
            _ => {
                let which = random.pick(&["38;2;", "48;2;", "38:2::", "58:2::", "58;2;"]);
                let mark = if which.contains(':') { ':' } else { ';' };
                out.push_str(&format!(
                    "{which}{}{mark}{}{mark}7",
                    random.below(256),
                    random.below(256)
                ));
            }
        }
    }
    out.push('m');
}

fn cursor(random: &mut Random, size: TerminalSize, out: &mut String) {
    match random.below(8) {
        0..=3 => {
            let row = 1 + random.below(usize::from(size.rows) + 2);
            let col = 1 + random.below(usize::from(size.cols) + 2);
            out.push_str(&format!("\x1b[{row};{col}H"));
        }
        4 => out.push_str(random.pick(&[
            "\x1bD", "\x1bM", "\x1bE", "\x1b[H", "\u{84}", "\u{85}", "\x1bM",
        ])),
        _ => {
            let n = number(random);
            out.push_str(&format!(
                "\x1b[{n}{}",
                random.pick(&['A', 'B', 'C', 'D', 'E', 'F', 'G', '`', 'a', 'd', 'e'])
            ));
        }
    }
}

fn erase(random: &mut Random, out: &mut String) {
    let n = number(random);
    match random.below(9) {
        0 => out.push_str(random.pick(&[
            "\x1b[J", "\x1b[1J", "\x1b[2J", "\x1b[?J", "\x1b[?1J", "\x1b[?2J",
        ])),
        1..=2 => out.push_str(random.pick(&[
            "\x1b[K", "\x1b[1K", "\x1b[2K", "\x1b[?K", "\x1b[?1K", "\x1b[?2K",
        ])),
        3 => out.push_str(random.pick(&["\x1b[1\"q", "\x1b[0\"q", "\x1b[2\"q"])),
        4 => out.push_str(&format!("\x1b[{n}b")),
        5 => out.push_str(&format!(
            "\x1b[{n}{}",
            random.pick(&["'}", "'~", " @", " A"])
        )),
        _ => out.push_str(&format!(
            "\x1b[{n}{}",
            random.pick(&['@', 'P', 'X', 'L', 'M', 'S', 'T'])
        )),
    }
}

fn region(random: &mut Random, size: TerminalSize, out: &mut String) {
    let rows = usize::from(size.rows);
    match random.below(6) {
        0 => out.push_str("\x1b[r"),
        1 => out.push_str(random.pick(&["\x1b[?6h", "\x1b[?6l", "\x1b[?6l"])),
        2 => {
            let bottom = 2 + random.below(rows - 1);
            out.push_str(&format!("\x1b[1;{bottom}r\x1b[{bottom}H\n\n"));
        }
        _ => {
            let top = 1 + random.below(rows);
            let bottom = 1 + random.below(rows);
            out.push_str(&format!("\x1b[{top};{bottom}r"));
        }
    }
}

fn tabs(random: &mut Random, out: &mut String) {
    let n = random.below(4);
    match random.below(6) {
        0 => out.push_str("\x1bH"),
        1 => out.push_str(random.pick(&["\x1b[g", "\x1b[3g"])),
        2 => out.push_str(&format!("\x1b[{n}I")),
        3 => out.push_str(&format!("\x1b[{n}Z")),
        _ => out.push_str("\t|"),
    }
}

fn charsets(random: &mut Random, out: &mut String) {
    match random.below(5) {
        0 => out.push_str(random.pick(&["\x0e", "\x0f", "\x0fq", "\x0elqk"])),
        1 => out.push_str(random.pick(&[
            "\x1bn", "\x1bo", "\x1b~", "\x1b}", "\x1b|", "\x1b%@", "\x1b%G",
        ])),
        _ => {
            out.push('\x1b');
            out.push(random.pick(&['(', ')', '*', '+', '-', '.', '/']));
            out.push(random.pick(&['0', '0', 'B', 'B', 'A', '4', 'K', 'R', '=', 'x']));
        }
    }
}

fn alternate(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&[
        "\x1b[?1049h",
        "\x1b[?1049l",
        "\x1b[?1049l",
        "\x1b[?47h",
        "\x1b[?47l",
        "\x1b[?1047h",
        "\x1b[?1047l",
        "\x1b[?1048h",
        "\x1b[?1048l",
        "\x1b[?1049h\x1b[2J\x1b[H",
    ]));
}

fn modes(random: &mut Random, out: &mut String) {
    let on = random.pick(&['h', 'l']);
    if random.chance(4) {
        let mode = random.pick(&[4, 4, 20]);
        out.push_str(&format!("\x1b[{mode}{on}"));
    } else if random.chance(6) {
        out.push_str(&format!("\x1b[{} q", random.below(8)));
    } else if random.chance(8) {
        out.push_str(random.pick(&[
            "\x1b=",
            "\x1b>",
            "\x1b[>4;2m",
            "\x1b[>4m",
            "\x1b[>1u",
            "\x1b[<u",
        ]));
    } else {
        let mode = random.pick(&[
            1,
            2,
            if random.unwrapped { 7 } else { 1 },
            9,
            12,
            25,
            45,
            66,
            1000,
            1002,
            1003,
            1004,
            1005,
            1006,
            1007,
            1016,
            2004,
            2026,
            2026,
            2031,
        ]);
        out.push_str(&format!("\x1b[?{mode}{on}"));
    }
}

fn strings(random: &mut Random, out: &mut String) {
    let end = random.pick(&["\x07", "\x1b\\", "\u{9c}", "\x18"]);
    match random.below(9) {
        0 => out.push_str(&format!("\x1b]2;title {}{end}", random.below(9))),
        1 => out.push_str(&format!(
            "\x1b]8;;https://example.com/{}{end}",
            random.below(3)
        )),
        2 => out.push_str(&format!("\x1b]8;id=a;https://example.com/id{end}")),
        3 => out.push_str(&format!("\x1b]8;;{end}")),
        4 => out.push_str(&format!(
            "\x1b]4;{};rgb:12/34/{:02x}{end}",
            random.below(20),
            random.below(256)
        )),
        5 => out.push_str(&format!(
            "\x1b]{};#1234{:02x}{end}",
            10 + random.below(3),
            random.below(256)
        )),
        6 => out.push_str(&format!(
            "\x1b]{}{end}",
            random.pick(&["104", "104;3", "110", "111", "112"])
        )),
        7 => out.push_str(&format!(
            "{}some text é{end}",
            random.pick(&["\x1b_", "\x1b^", "\x1bX", "\x1bP0q", "\u{9f}"])
        )),
        _ => out.push_str(&format!(
            "\x1b]{};text, 日本 and more{end}",
            random.pick(&["9", "52;c", "777;notify", "133;A", "x"])
        )),
    }
}

/// What full-screen programs do: a frame in a synchronized update.
fn repaint(random: &mut Random, size: TerminalSize, out: &mut String) {
    out.push_str("\x1b[?2026h");
    if random.chance(2) {
        out.push_str("\x1b[H");
    }
    for row in 0..1 + random.below(usize::from(size.rows)) {
        if random.chance(2) {
            sgr(random, out);
        }
        let long = random.below(usize::from(size.cols) + 4);
        out.push_str(&"row ".repeat(long / 4));
        out.push_str(if random.chance(3) {
            "\x1b[0m\x1b[K\r\n"
        } else {
            "\x1b[K\r\n"
        });
        if row > 3 && random.chance(6) {
            out.push_str(&format!("\x1b[{}A", random.below(5)));
        }
    }
    if !random.chance(5) {
        out.push_str("\x1b[?2026l");
    }
}

fn long_line(random: &mut Random, size: TerminalSize, out: &mut String) {
    let pieces = ["word ", "=", "e\u{301}", "日本", "a日"];
    let piece = random.pick(&pieces[..if random.unwrapped { 3 } else { 5 }]);
    let cells = usize::from(size.cols) * (1 + random.below(4)) + random.below(5);
    out.push_str(&piece.repeat(cells / 2));
}

fn odd_bytes(random: &mut Random) -> Vec<u8> {
    let pieces: &[&[u8]] = &[
        b"\xff\xfe",
        b"\xe3\x80",
        b"\xf0\x9f\x80",
        b"\xc0\x80a",
        b"\xed\xa0\x80",
        b"\x00",
        b"\x7f",
        b"\x1b\x7f[1m",
        b"\x1b[1;2\x18",
        b"\x1b[1\x1b[4m",
        b"\x1b[?1;2$",
        b"\x1b(",
        b"\xef\xbb\xbf",
        b"\xc2\x9b1m",
        b"\xc2\x90",
        b"\x1b[12345678901234567890m",
        b"\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;7;7m",
        b"\x1b[<1;2m",
        b"\x1b[1<m",
        b"\x1b[ 1m",
        b"\x1bP1;2|ab\x1b\\",
        b"\x1b\xc3\xa9",
        b"\x1b[\xc3\xa9",
    ];
    let mut out = Vec::new();
    for _ in 0..1 + random.below(3) {
        out.extend_from_slice(random.pick(pieces));
        out.extend_from_slice(b"ab");
    }
    out
}

fn inside_controls(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&[
        "\x1b[3\n1m",
        "\x1b[\r5C",
        "\x1b\t(0",
        "\x1b[2\x08;3H",
        "\x1b[1\x0e;4m",
        "\x1b]2;a\nb\x07",
    ]));
}

fn queries(random: &mut Random, out: &mut String) {
    out.push_str(random.pick(&[
        "\x1b[c",
        "\x1b[>c",
        "\x1b[6n",
        "\x1b[?6n",
        "\x1b[5n",
        "\x1b[?2026$p",
        "\x1b[4$p",
        "\x1b[>q",
        "\x1bP$qm\x1b\\",
        "\x1b]11;?\x07",
        "\x1b]4;1;?\x1b\\",
        "\x1b[?996n",
        "\x1b[18t",
        "\x1b[22;0t",
        "\x1b[23;0t",
    ]));
}
