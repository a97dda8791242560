//! The chart of the README, drawn from `target/bench/results.json`: `cat` of 41 MB, beside other terminals.

use std::fmt::Write as _;
use std::fs;

use crate::report::Report;
use crate::window::repository;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 128.0;
const BAR: f64 = 14.0;
const STEP: f64 = 20.0;
const GROUP: f64 = 44.0;
/// Room for the figure behind the longest bar.
const FIGURE: f64 = 64.0;

const TEXTS: [(&str, &str); 3] = [
    ("cat_plain", "plain text"),
    ("cat_colour", "coloured text"),
    ("cat_frames", "full redraws of Claude Code"),
];
const TERMINALS: [(&str, &str); 4] = [
    ("reprise_mb_s", "Reprise"),
    ("alacritty_mb_s", "Alacritty"),
    ("kitty_mb_s", "kitty"),
    ("xterm_mb_s", "xterm"),
];

/// Writes `tests/bench/chart.svg`, or says which figures are missing.
pub fn write(report: &Report) -> Result<(), String> {
    let figure = |text: &str, terminal: &str| {
        let missing = || format!("{text}.{terminal} is not measured yet");
        report.figure(text, terminal).ok_or_else(missing)
    };
    let mut largest = 0.0_f64;
    for (text, _) in TEXTS {
        for (terminal, _) in TERMINALS {
            largest = largest.max(figure(text, terminal)?);
        }
    }
    let scale = (WIDTH - LABEL - FIGURE) / largest;
    let height = GROUP.mul_add(3.0, STEP * 12.0) + 12.0;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="cat of 41 MB in MB per second: Reprise beside Alacritty, kitty and xterm">
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #3d4446; }}
  .text {{ font-weight: 600; }}
  .bar {{ fill: #a9b2b4; }}
  .reprise {{ fill: #1f8a70; }}
  @media (prefers-color-scheme: dark) {{
    text {{ fill: #d6dcdd; }}
    .bar {{ fill: #556063; }}
    .reprise {{ fill: #43b899; }}
  }}
</style>
"##
    );
    let mut y = 0.0;
    for (text, name) in TEXTS {
        y += GROUP - 14.0;
        let _ = writeln!(
            svg,
            r#"<text class="text" x="0" y="{y}">cat of 41 MB: {name}, MB/s</text>"#
        );
        y += 14.0;
        for (terminal, called) in TERMINALS {
            let value = figure(text, terminal)?;
            let length = (value * scale).max(1.0);
            let class = if called == "Reprise" {
                "bar reprise"
            } else {
                "bar"
            };
            let base = y + 11.5;
            let end = LABEL + length + 6.0;
            let _ = writeln!(
                svg,
                r#"<text x="0" y="{base}">{called}</text><rect class="{class}" x="{LABEL}" y="{y}" width="{length:.1}" height="{BAR}" rx="2"/><text x="{end:.1}" y="{base}">{value:.0}</text>"#
            );
            y += STEP;
        }
    }
    svg.push_str("</svg>\n");
    let file = repository().join("tests/bench/chart.svg");
    fs::write(&file, svg).map_err(|error| format!("{}: {error}", file.display()))
}
