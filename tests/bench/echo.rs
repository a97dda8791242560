//! How long a key takes to its echo, and how soon a flooding program is quiet after Ctrl-C.
//!
//! A program in the terminal (`dd`, a byte at a time) writes back what it reads. The page looks at its viewer's
//! cursor every 4 ms, which is as often as a page can: the time is from the key event given to the X server to the first
//! look that found the echo parsed. To pixels: the same program in every terminal paints a bar in another colour
//! for each key, and the X server is asked for its pixels.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::report::{Report, median, percentile, round};
use crate::screen::Screen;
use crate::shells::{open_another, set_prompt};
use crate::terminals::{Grid, Terminal};
use crate::window::{App, QUICK, SLOW, World, kill_now, living_in, wait_for};

/// Keys of one series; with so many, the second highest is the 99th percentile.
const KEYS: usize = 200;
const KEYS_TO_PIXELS: usize = 60;
const FLOODING: usize = 10;
/// Bytes per second of each flooding session.
const FLOOD: u64 = 1_000_000;
const LETTER: u32 = b'x' as u32;
/// The bar's colours: those of the 256 that no theme changes.
const BARS: [u32; 2] = [0x00ff_00ff, 0x0000_ff00];

/// Paints a bar for each key.
const PAINT: &str = r"
stty raw -echo
printf '\033[2J\033[H\033[48;5;201m%20s\033[0m' ''
while IFS= read -rsn1 key; do
    printf '\033[H\033[48;5;46m%20s\033[0m' ''
    IFS= read -rsn1 key
    printf '\033[H\033[48;5;201m%20s\033[0m' ''
done";

/// Notes the cursor whenever it has moved, in the page's own time.
const WATCH_CURSOR: &str = r"
const seen = [];
const watch = window.__bench = { seen, stop: false };
let last = -1;
const look = () => {
    const { cursor, cols } = window.__reprise_viewer(0, 0);
    const at = cursor.y * cols + cursor.x;
    if (at !== last) seen.push([at, performance.timeOrigin + performance.now()]);
    last = at;
    if (!watch.stop) setTimeout(look, 0);
};
look();";

/// Notes when the cursor's line last became another.
const WATCH_LINE: &str = r"
const watch = window.__bench = { changed: 0, line: null, stop: false };
const look = () => {
    const { cursor, length, rows } = window.__reprise_viewer(0, 0);
    const [line] = window.__reprise_viewer(length - rows + cursor.y, 1).lines;
    if (line && line.text !== watch.line) {
        watch.line = line.text;
        watch.changed = performance.timeOrigin + performance.now();
    }
    if (!watch.stop) setTimeout(look, 0);
};
look();";

pub fn measure(report: &mut Report) {
    let world = World::new("bench-echo");
    set_prompt(&world);
    fs::write(world.workspace.join("paint.sh"), PAINT).unwrap();
    let screen = Screen::connect(&world.display.name);
    let app = world.open_workspace();
    let grid = Grid::of(&app.open_shell());

    ctrl_c(report, &app, &screen);
    to_pixels(report, &world, &app, &screen, grid);

    report.heading(format!(
        "(b) key to parsed echo, ms, {KEYS} keys each: p50 / p95 / p99"
    ));
    report.progress("key to echo, idle");
    let idle = to_echo(&app, &screen);
    let idle = latencies(report, "echo_idle_ms", "idle", &idle, None);

    let go = world.workspace.join("flood");
    open_floods(&world, &app);
    report.progress("key to echo, 10 sessions at 1 MB/s");
    fs::write(&go, FLOOD.to_string()).unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let loaded = to_echo(&app, &screen);
    latencies(
        report,
        "echo_loaded_ms",
        "10 hidden sessions at 1 MB/s each",
        &loaded,
        Some(&idle),
    );

    report.progress("key to echo, 10 sessions without a limit");
    fs::write(&go, "0").unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let yes = to_echo(&app, &screen);
    latencies(
        report,
        "echo_yes_ms",
        "10 hidden sessions without a limit",
        &yes,
        Some(&idle),
    );
    fs::remove_file(&go).unwrap();
}

/// Notes a series; returns its p50, p95 and p99.
fn latencies(
    report: &mut Report,
    key: &str,
    name: &str,
    values: &[f64],
    beside: Option<&[f64; 3]>,
) -> [f64; 3] {
    let figures = [50.0, 95.0, 99.0].map(|percent| percentile(values, percent));
    let [p50, p95, p99] = figures.map(|ms| round(ms, 1));
    let ratio = beside.map_or_else(String::new, |idle| {
        format!(
            "{:.2} / {:.2} / {:.2} × idle",
            p50 / idle[0],
            p95 / idle[1],
            p99 / idle[2]
        )
    });
    report.row(name, format!("{p50:.1} / {p95:.1} / {p99:.1}"), ratio);
    report.set(key, json!({"p50": p50, "p95": p95, "p99": p99}));
    figures
}

/// Milliseconds from each key to its echo.
fn to_echo(app: &App<'_>, screen: &Screen) -> Vec<f64> {
    app.run(&format!(
        "clear; stty raw -echo; dd bs=1 count={KEYS} status=none; stty sane"
    ));
    wait_for("an empty screen", SLOW, || {
        let shown = app.terminal_text();
        if shown.trim().is_empty() {
            Ok(())
        } else {
            Err(shown)
        }
    });
    app.web().execute(WATCH_CURSOR, &[]).unwrap();
    let start = cursor(app);
    let mut pressed = Vec::new();
    for number in 0..KEYS {
        pressed.push(now_ms());
        screen.tap(LETTER);
        // Never in step with the page's frames.
        std::thread::sleep(Duration::from_micros(
            45_000 + (number as u64 * 7_919) % 17_000,
        ));
    }
    let last = start + KEYS as u64;
    let seen = wait_for("the echo of every key", QUICK, || {
        let seen = app.web().execute("return window.__bench.seen", &[])?;
        let seen: Vec<(u64, f64)> =
            serde_json::from_value(seen).map_err(|error| error.to_string())?;
        match seen.last() {
            Some((at, _)) if *at >= last => Ok(seen),
            last => Err(format!("{last:?} of {KEYS} keys")),
        }
    });
    let ahead = page_is_ahead(app);
    app.web()
        .execute("window.__bench.stop = true", &[])
        .unwrap();
    pressed
        .iter()
        .zip(start + 1..)
        .map(|(pressed, at)| {
            let (_, echoed) = seen.iter().find(|(seen, _)| *seen >= at).unwrap();
            echoed - ahead - pressed
        })
        .collect()
}

/// Where the cursor stands, counted in cells.
fn cursor(app: &App<'_>) -> u64 {
    let viewer = app.viewer().unwrap();
    u64::from(viewer.cursor.y) * u64::from(viewer.cols) + u64::from(viewer.cursor.x)
}

fn now_ms() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

/// How far the page's clock is ahead of this program's, in ms: of several questions the one that was answered
/// soonest tells it best.
fn page_is_ahead(app: &App<'_>) -> f64 {
    let ask = || {
        let before = now_ms();
        let page = app
            .web()
            .execute("return performance.timeOrigin + performance.now()", &[])
            .unwrap();
        let after = now_ms();
        (
            after - before,
            page.as_f64().unwrap() - (before + after) / 2.0,
        )
    };
    let asked = (0..9).map(|_| ask());
    asked.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap().1
}

/// Opens as many shells as flood, each with a program that waits to be told how fast, and one more in front of them.
fn open_floods(world: &World, app: &App<'_>) {
    let program = std::env::current_exe().unwrap();
    for number in 1..=FLOODING + 1 {
        open_another(world, app);
        if number <= FLOODING {
            app.run(&format!("{} flood flood", program.display()));
        }
    }
}

/// Milliseconds from Ctrl-C on `yes` to the last change of the viewer.
fn ctrl_c(report: &mut Report, app: &App<'_>, screen: &Screen) {
    let mut times = Vec::new();
    for number in 0..report.rounds {
        report.progress(&format!("Ctrl-C on yes, round {}", number + 1));
        app.run("clear; yes");
        app.web().execute(WATCH_LINE, &[]).unwrap();
        let ahead = page_is_ahead(app);
        // The flood is at its height.
        std::thread::sleep(Duration::from_millis(1_500));
        let pressed = now_ms();
        screen.control(u32::from(b'c'));
        let quiet = Duration::from_secs(1);
        let changed = wait_for("the prompt after yes", SLOW, || {
            let watch = app.web().execute("return window.__bench", &[])?;
            let line = watch["line"].as_str().unwrap_or_default();
            let changed = watch["changed"].as_f64().unwrap_or_default();
            let changed = changed - ahead;
            let rest = Duration::from_secs_f64((now_ms() - changed).max(0.0) / 1000.0);
            if changed > pressed && line.contains("prompt>") && rest > quiet {
                Ok(changed)
            } else {
                Err(watch.to_string())
            }
        });
        times.push(changed - pressed);
        app.web()
            .execute("window.__bench.stop = true", &[])
            .unwrap();
    }
    let ms = round(median(&times), 0);
    report.heading("(c) Ctrl-C on yes");
    report.row(
        "key to a prompt and no change any more, ms",
        format!("{ms:.0}"),
        "",
    );
    report.set("ctrl_c_ms", ms);
}

/// Milliseconds from a key to a bar of another colour on the screen, in Reprise and beside it.
fn to_pixels(report: &mut Report, world: &World, app: &App<'_>, screen: &Screen, grid: Grid) {
    report.heading(format!(
        "(b) key to pixels, ms, {KEYS_TO_PIXELS} keys each: p50 / p95 / p99"
    ));
    report.progress("key to pixels");
    app.run("bash paint.sh");
    let reprise = series_to_pixels(screen, "Reprise");
    end_paint(world);
    app.run("stty sane; clear");
    app.wait_for_text("prompt>");
    let reprise = latencies(report, "echo_pixels_ms", "Reprise", &reprise, None);
    for terminal in Terminal::ALL {
        let window = terminal.open(world, grid, &["bash", "paint.sh"]);
        let times = series_to_pixels(screen, terminal.name());
        drop(window);
        let key = format!("echo_pixels_ms_{}", terminal.key());
        let figures = latencies(report, &key, terminal.name(), &times, None);
        report.ratio(format!(
            "Reprise takes {:.2} × as long (p50)",
            reprise[0] / figures[0]
        ));
    }
}

fn series_to_pixels(screen: &Screen, who: &str) -> Vec<f64> {
    let shows = |colour: u32| {
        let shown = screen.watch(SLOW, |screen| {
            (screen.count(screen.whole, colour) > 0).then_some(())
        });
        shown
            .unwrap_or_else(|| panic!("{who} shows no bar of {colour:06x}"))
            .1
    };
    shows(BARS[0]);
    // A window that has just been opened has the keyboard a moment later.
    std::thread::sleep(Duration::from_millis(500));
    let at = screen.find(BARS[0]);
    let mut times = Vec::new();
    for number in 0..KEYS_TO_PIXELS {
        let colour = BARS[(number + 1) % 2];
        let pressed = screen.tap(LETTER);
        let shown = screen.watch(QUICK, |screen| (screen.count(at, colour) > 0).then_some(()));
        let (_, shown) = shown.unwrap_or_else(|| panic!("{who} did not paint for key {number}"));
        times.push((shown - pressed).as_secs_f64() * 1000.0);
        std::thread::sleep(Duration::from_micros(
            45_000 + (number as u64 * 7_919) % 17_000,
        ));
    }
    times
}

/// Ends the painting program: it reads its keys as they are, none ends it.
fn end_paint(world: &World) {
    for pid in living_in(&world.home) {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if command.starts_with(b"bash\0paint.sh") {
            kill_now(pid);
        }
    }
}

/// The program of a flooding session: writes lines at the rate that stands in `file` while it is there, in bytes
/// per second, 0 for no limit.
pub fn flood(file: &str) {
    use std::io::Write;
    let line = "y the quick brown fox jumps over the lazy dog and comes back again\n";
    let piece = line.repeat(16 * 1024 / line.len());
    let mut out = std::io::stdout().lock();
    loop {
        let rate = fs::read_to_string(file)
            .ok()
            .and_then(|text| text.trim().parse::<u64>().ok());
        match rate {
            None => std::thread::sleep(Duration::from_millis(100)),
            Some(rate) => {
                // For a moment, then the file is looked at again.
                let began = Instant::now();
                let mut written = 0;
                while began.elapsed() < Duration::from_millis(200) {
                    if out.write_all(piece.as_bytes()).is_err() {
                        return;
                    }
                    written += piece.len() as u64;
                    if let Some(due) = (written * 1_000_000).checked_div(rate) {
                        let due = Duration::from_micros(due);
                        std::thread::sleep(due.saturating_sub(began.elapsed()));
                    }
                }
            }
        }
    }
}
