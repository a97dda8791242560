//! What the README shows of `target/bench/results.json`: a chart of `cat` beside other terminals, and a table of the rest.
//! Both are written once every figure has been measured.

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

/// Between these lines of the README stands the table.
const TABLE: (&str, &str) = ("<!-- make bench -->\n", "<!-- /make bench -->\n");

const PICTURE: &str = "<img src=\"tests/bench/chart.svg\" width=\"720\" alt=\"cat of 41 MB, in MB per second: Reprise beside Alacritty, kitty and xterm\">";

/// Writes `tests/bench/chart.svg` and the README's table, or says which figure is missing.
pub fn write(report: &Report) -> Result<(), String> {
    let table = table(report)?;
    chart(report)?;
    let file = repository().join("README.md");
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    let text = fs::read_to_string(&file).map_err(told)?;
    let place = text.split_once(TABLE.0).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(TABLE.1)?;
        Some((before, after))
    });
    let (before, after) = place.ok_or("README.md has no place for the table")?;
    let text = [before, TABLE.0, &table, TABLE.1, after].concat();
    fs::write(&file, text).map_err(told)
}

fn table(report: &Report) -> Result<String, String> {
    let number = |key: &str| {
        let missing = || format!("{key} is not measured yet");
        report.number(key).ok_or_else(missing)
    };
    let figure = |key: &str, name: &str| {
        let missing = || format!("{key}.{name} is not measured yet");
        report.figure(key, name).ok_or_else(missing)
    };
    let p50_p99 = |key: &str| -> Result<String, String> {
        Ok(format!(
            "{:.0} / {:.0} ms",
            figure(key, "p50")?,
            figure(key, "p99")?
        ))
    };
    let rows = [
        (
            "a key and its echo (p50 / p99)",
            p50_p99("echo_idle_ms")?,
            String::new(),
        ),
        (
            "the same beside 10 hidden sessions that write 1 MB/s each",
            p50_p99("echo_loaded_ms")?,
            String::new(),
        ),
        (
            "a key and its pixels (p50 / p99)",
            p50_p99("echo_pixels_ms")?,
            format!(
                "Alacritty {}, kitty {}, xterm {}",
                p50_p99("echo_pixels_ms_alacritty")?,
                p50_p99("echo_pixels_ms_kitty")?,
                p50_p99("echo_pixels_ms_xterm")?
            ),
        ),
        (
            "Ctrl-C on `yes` until all is quiet",
            format!("{:.0} ms", number("ctrl_c_ms")?),
            String::new(),
        ),
        (
            "10,000 lines there again and typable: attaching / page loaded anew",
            format!(
                "{:.0} / {:.0} ms",
                number("reattach_ms")?,
                number("reload_ms")?
            ),
            String::new(),
        ),
        (
            "start to a typable prompt, warm",
            format!("{:.0} ms", number("start_ms")?),
            format!(
                "empty Tauri window {:.0}, kitty {:.0}, Alacritty {:.0} ms",
                number("start_ms_empty_window")?,
                number("start_ms_kitty")?,
                number("start_ms_alacritty")?
            ),
        ),
        (
            "memory with 1 / 10 / 30 terminals of 10,000 lines",
            format!(
                "{:.0} / {:.0} / {:.0} MB",
                number("pss_mb_1")?,
                number("pss_mb_10")?,
                number("pss_mb_30")?
            ),
            format!(
                "empty Tauri window {:.0} MB",
                number("pss_mb_empty_window")?
            ),
        ),
        (
            "processor time with 20 idle terminals",
            format!("{:.1} % of a core", number("idle_cpu_percent_20")?),
            String::new(),
        ),
        (
            "a hook of Claude Code",
            format!("{:.1} ms", number("hook_ms")?),
            format!("`/bin/true` {:.1} ms", number("hook_ms_true")?),
        ),
    ];
    let mut table = format!("{PICTURE}\n\n");
    table.push_str("| what | Reprise | beside it |\n| --- | --- | --- |\n");
    for (what, value, beside) in rows {
        let _ = writeln!(table, "| {what} | {value} | {beside} |");
    }
    Ok(table)
}

fn chart(report: &Report) -> Result<(), String> {
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
