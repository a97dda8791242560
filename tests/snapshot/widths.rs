//! `ui/src/terminal/widths.ts` is generated from the host's width table and must equal it.

use std::fmt::Write;
use std::path::Path;

use reprise_core::session::screen::char_width;

/// Set it to write the file instead of comparing it.
const UPDATE: &str = "REPRISE_UPDATE_GENERATED";

fn ranges(width: u8) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for code in 0xa0..=0x10_ffff {
        // No character: nothing decodes to a surrogate.
        if (0xd800..0xe000).contains(&code) || char_width(code) != width {
            continue;
        }
        match ranges.last_mut() {
            Some((_, end)) if *end + 1 == code => *end = code,
            _ => ranges.push((code, code)),
        }
    }
    ranges
}

fn typescript() -> String {
    let mut out = String::from(
        "// Generated from the host's table by tests/snapshot/widths.rs; do not edit.
// To write it anew: REPRISE_UPDATE_GENERATED=1 cargo test -p reprise-core --test snapshot widths
import type { IUnicodeVersionProvider } from '@xterm/xterm';

/** Whether a character joins the one before it, and the columns of the two, as xterm.js packs them. */
type Properties = ReturnType<IUnicodeVersionProvider['charProperties']>;
",
    );
    for (name, width, doc) in [
        (
            "zeroWidth",
            0,
            "Ranges of characters without a column of their own, first and last.",
        ),
        (
            "wide",
            2,
            "Ranges of characters of two columns, first and last.",
        ),
    ] {
        let _ = write!(
            out,
            "\n/** {doc} */\n// prettier-ignore\nconst {name} = [\n"
        );
        let numbers: Vec<String> = ranges(width)
            .iter()
            .map(|(first, last)| format!("0x{first:x}, 0x{last:x},"))
            .collect();
        for line in numbers.chunks(5) {
            let _ = writeln!(out, "  {}", line.join(" "));
        }
        out.push_str("];\n");
    }
    out.push_str(
        "
const table = new Uint8Array(0x20000).fill(1);
for (const [ranges, width] of [
  [zeroWidth, 0],
  [wide, 2],
] as const) {
  for (let i = 0; i < ranges.length; i += 2) {
    table.fill(width, ranges[i], (ranges[i + 1] ?? 0) + 1);
  }
}

function inRanges(ranges: number[], code: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (code >= (ranges[i] ?? 0) && code <= (ranges[i + 1] ?? 0)) return true;
  }
  return false;
}

function widthOf(code: number): 0 | 1 | 2 {
  if (code < table.length) return (table[code] ?? 1) as 0 | 1 | 2;
  return inRanges(zeroWidth, code) ? 0 : inRanges(wide, code) ? 2 : 1;
}

/** The host's character widths: every character by itself, and what has no width joins. */
export const widths: IUnicodeVersionProvider = {
  version: 'reprise',
  wcwidth: widthOf,
  charProperties(code: number, preceding: Properties): Properties {
    const own = widthOf(code);
    const before = (preceding >> 1) & 3;
    const joins = own === 0 && before > 0;
    return ((joins ? before : own) << 1) | (joins ? 1 : 0);
  },
};
",
    );
    out
}

#[test]
fn the_viewers_width_table_is_the_hosts() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/terminal/widths.ts");
    let generated = typescript();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == generated,
        "{} is not what the host's table gives: run the command in its first lines",
        path.display()
    );
}
