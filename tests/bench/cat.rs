//! How fast a terminal takes the output of `cat`.
//!
//! All (but xterm, which gets the beginning of each text) are given 41 MB and run the same script in a terminal of the same size. It notes the time before `cat`, and after the
//! terminal has answered a cursor position request sent behind the text. In Reprise the host
//! answers it, so there the clock stops later: when the end marker stands in the viewer's buffer. What stands there
//! then, scrollback and all, must be what `@xterm/headless` makes of the whole text.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Report, median, round};
use crate::terminals::{Grid, Terminal, null_reader};
use crate::texts::{self, Text};
use crate::window::{App, QUICK, Viewer, World, repository, wait_for};

const TOO_LONG: Duration = Duration::from_secs(90);

/// `$1` the text, `$2` where the times go, `$3` the end marker, `$4`: wait for a key before the end.
const SCRIPT: &str = r#"
stty -echo -icanon min 1
printf '\033c'
before=$EPOCHREALTIME
cat "$1"
printf '\n%s\n\033[6n' "$3"
IFS= read -rs -d R answer
echo "$before $EPOCHREALTIME" > "$2.new"
mv "$2.new" "$2"
[ -z "$4" ] || IFS= read -rs -n 1 key
stty sane
"#;

/// The page itself looks for the marker and at its frames: no request stands in the way of the bytes. Only the cursor's
/// line is read.
const WATCH: &str = r"
const marker = arguments[0];
const watch = { seen: null, longest: 0 };
window.__bench = watch;
let last = performance.now();
const frame = (now) => {
    watch.longest = Math.max(watch.longest, now - last);
    last = now;
    if (watch.seen === null) requestAnimationFrame(frame);
};
requestAnimationFrame((now) => { last = now; requestAnimationFrame(frame); });
const look = () => {
    const { cursor, length, rows } = window.__reprise_viewer(0, 0);
    const [line] = window.__reprise_viewer(length - rows + cursor.y - 1, 1).lines;
    if (line && line.text === marker) watch.seen = (performance.timeOrigin + performance.now()) / 1000;
    else setTimeout(look, 5);
};
look();";

/// One round in Reprise.
struct Round {
    /// Seconds until the viewer had parsed the end marker.
    viewer: f64,
    /// Seconds until the host had.
    host: f64,
    /// The longest time between two frames of the page meanwhile, in ms.
    longest_frame: f64,
}

pub fn measure(report: &mut Report) {
    let world = World::new("bench-cat");
    let texts = texts::write_all(&world.workspace);
    fs::write(world.workspace.join("cat.sh"), SCRIPT).unwrap();
    let app = world.open_workspace();
    let grid = Grid::of(&app.open_shell());
    report.heading(format!(
        "(a) cat in {} × {}, MB/s, median of {}",
        grid.cols, grid.rows, report.rounds
    ));
    for text in &texts {
        one_text(report, &world, &app, grid, text);
    }
}

fn one_text(report: &mut Report, world: &World, app: &App<'_>, grid: Grid, text: &Text) {
    let rate = |seconds: f64| text.bytes as f64 / 1e6 / seconds;
    let mut rounds = Vec::new();
    let mut null = Vec::new();
    let mut others: Vec<Vec<f64>> = vec![Vec::new(); Terminal::ALL.len()];
    let mut identical = None;
    for number in 0..report.rounds {
        report.progress(&format!("cat of {}, round {}", text.what, number + 1));
        let last = number + 1 == report.rounds;
        null.push(rate(in_null_reader(world, grid, text, number)));
        let round = in_reprise(world, app, text, number, |marker| {
            if last {
                identical = Some(end_state_differs(app, text, marker));
            }
        });
        rounds.push(round);
        for (terminal, rates) in Terminal::ALL.into_iter().zip(&mut others) {
            rates.push(in_other(terminal, world, grid, text, number));
        }
    }
    let reprise = median(
        &rounds
            .iter()
            .map(|round| rate(round.viewer))
            .collect::<Vec<_>>(),
    );
    let host = median(
        &rounds
            .iter()
            .map(|round| rate(round.host))
            .collect::<Vec<_>>(),
    );
    let frame = rounds
        .iter()
        .map(|round| round.longest_frame)
        .fold(0.0, f64::max);
    let null = median(&null);
    let difference = identical.flatten();

    report.row(text.what, "", "");
    let ratio = |other: f64| format!("Reprise takes {:.2} × as much", reprise / other);
    report.row(
        "  Reprise, parsed in the viewer",
        format!("{reprise:.1}"),
        "",
    );
    report.row("  Reprise, parsed in the host", format!("{host:.1}"), "");
    report.row("  null PTY reader", format!("{null:.1}"), ratio(null));
    let mut figures = json!({
        "reprise_mb_s": round(reprise, 1),
        "reprise_host_mb_s": round(host, 1),
        "null_mb_s": round(null, 1),
        "reprise_to_null": round(reprise / null, 2),
        "longest_frame_ms": round(frame, 0),
        "end_state_identical": difference.is_none(),
    });
    for (terminal, rates) in Terminal::ALL.into_iter().zip(&others) {
        let figure = median(rates);
        report.row(
            &format!("  {}", terminal.name()),
            format!("{figure:.1}"),
            ratio(figure),
        );
        let key = terminal.key();
        figures[format!("{key}_mb_s")] = json!(round(figure, 1));
        figures[format!("reprise_to_{key}")] = json!(round(reprise / figure, 2));
    }
    report.row(
        "  longest time between two frames",
        format!("{frame:.0} ms"),
        "of all rounds",
    );
    let (state, why) = match &difference {
        None => ("identical", String::new()),
        Some(why) => ("DIFFERENT", why.clone()),
    };
    report.row("  end state against @xterm/headless", state, why);
    report.set(text.key, figures);
}

/// Where the script writes its times in this round.
fn times(world: &World, who: &str, text: &Text, round: usize) -> PathBuf {
    world.workspace.join(format!("{who}-{}-{round}", text.key))
}

/// Seconds since the epoch, before and after, once the script has written them.
fn read_times(file: &Path) -> (f64, f64) {
    let text = wait_for("the script to end", TOO_LONG, || {
        fs::read_to_string(file).map_err(|error| error.to_string())
    });
    let mut numbers = text
        .split_whitespace()
        .map(|number| number.parse::<f64>().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// `at_end` is called while the end of the text still stands on the screen.
fn in_reprise(
    world: &World,
    app: &App<'_>,
    text: &Text,
    round: usize,
    at_end: impl FnOnce(&str),
) -> Round {
    let marker = format!("end-of-{}-{round}", text.key);
    let file = times(world, "reprise", text, round);
    app.type_keys(&format!(
        "bash cat.sh {} {} {marker} wait",
        text.key,
        file.display()
    ));
    app.web().execute(WATCH, &[json!(marker)]).unwrap();
    app.key("Return");
    let (before, answered) = read_times(&file);
    let watched = wait_for("the end marker in the viewer", TOO_LONG, || {
        let watched = app.web().execute("return window.__bench", &[])?;
        match watched["seen"].as_f64() {
            Some(_) => Ok(watched),
            None => Err(app.terminal_text()),
        }
    });
    at_end(&marker);
    app.type_keys("x");
    app.run("clear");
    wait_for("the prompt after the text", QUICK, || {
        let shown = app.terminal_text();
        if shown.contains(&marker) {
            Err(shown)
        } else {
            Ok(())
        }
    });
    Round {
        viewer: watched["seen"].as_f64().unwrap() - before,
        host: answered - before,
        longest_frame: watched["longest"].as_f64().unwrap(),
    }
}

/// MB/s.
fn in_other(terminal: Terminal, world: &World, grid: Grid, text: &Text, round: usize) -> f64 {
    let file = times(world, terminal.key(), text, round);
    let (shown, bytes) = match terminal {
        // At its few MB/s the beginning tells as much.
        Terminal::Xterm => (&text.beginning.0, text.beginning.1),
        Terminal::Alacritty | Terminal::Kitty => (&text.file, text.bytes),
    };
    let (shown, file_name) = (shown.to_string_lossy(), file.to_string_lossy());
    let _window = terminal.open(world, grid, &["bash", "cat.sh", &shown, &file_name, "end"]);
    let (before, after) = read_times(&file);
    bytes as f64 / 1e6 / (after - before)
}

fn in_null_reader(world: &World, grid: Grid, text: &Text, round: usize) -> f64 {
    let file = times(world, "null", text, round);
    let script = ["bash", "cat.sh", text.key, &file.to_string_lossy(), "end"];
    null_reader(world, grid, &script);
    let (before, after) = read_times(&file);
    after - before
}

/// What the viewer shows that the whole text would not have left there.
fn end_state_differs(app: &App<'_>, text: &Text, marker: &str) -> Option<String> {
    // The host sends the scrollback when it has been quiet for a moment.
    let mut shown = app.settled();
    shown = app.viewer_with_scrollback().unwrap_or(shown);
    let mut reference = Command::new("node")
        .arg(repository().join("tests/bench/reference.mjs"))
        .args([shown.cols.to_string(), shown.rows.to_string()])
        .arg(&text.file)
        .arg(marker)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let expected: Value = serde_json::from_reader(reference.stdout.take().unwrap()).unwrap();
    assert!(reference.wait().unwrap().success(), "reference.mjs failed");
    let expected: Viewer = serde_json::from_value(expected).unwrap();
    shown.difference(&expected)
}
