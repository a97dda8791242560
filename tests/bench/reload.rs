//! How soon a terminal with a full scrollback is there again, exact and typable: after the page was loaded
//! anew, and when a viewer attaches to a terminal that this page has not shown yet.
//!
//! A key is pressed as soon as the terminal has the keyboard, as somebody would who knows where they were. The clock
//! stops when the viewer holds every line and the echo of that key. The page itself notes both: asking it from outside
//! all the while would take from what is measured. That every cell is the one from before is looked at after the clock
//! has stopped.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::report::{Report, median, round};
use crate::screen::Screen;
use crate::shells::{open_another, set_prompt};
use crate::window::{App, QUICK, SLOW, Viewer, World, wait_for};

/// How often the page is asked whether it has come so far.
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);
/// Lines of the scrollback, and of 120 columns each as far as the window is that wide.
pub const SCROLLBACK: usize = 10_000;
const LETTER: u32 = b'x' as u32;
/// A key that is not echoed within this time was lost.
const ECHO_WITHIN: Duration = Duration::from_secs(5);

/// Fills the scrollback with lines of `$1` columns, no two alike.
pub const FILL: &str = r#"
awk -v columns="$1" 'BEGIN {
    text = "the quick brown fox jumps over the lazy dog and back again while 0123456789 sleeping cats dream of very loud keyboards "
    text = text text
    for (n = 1; n <= 10200; n++) print substr(sprintf("%08d ", n) substr(text, n % 60 + 1), 1, columns)
}'
"#;

/// Has the page note when it has every line of the terminal that is named by the two lines at its end, and when the
/// echo of a letter. False in a page that was loaded before the time given, which is about to go.
const WATCH: &str = r"
const [notBefore, length, above, prompt, column, tab] = arguments;
if (performance.timeOrigin < notBefore) return false;
const seen = (window.benchSeen = { began: Date.now(), shown: 0, echoed: 0 });
const look = () => {
    const viewer = window.__reprise_viewer?.(0, 0);
    if (viewer?.length === length) {
        const { rows, cursor } = viewer;
        const { lines } = window.__reprise_viewer(length - rows + cursor.y - 1, 2);
        const typed = lines[1].text === prompt + 'x' && cursor.x === column + 1;
        if (lines[0].text === above && (typed || lines[1].text === prompt)) {
            seen.shown ||= Date.now();
            if (typed) {
                seen.echoed = Date.now();
                return;
            }
        }
    }
    setTimeout(look, 1);
};
setTimeout(look);
if (tab !== null) document.querySelectorAll('[role=tab]')[tab].click();
return true;";

/// Whether the terminal that is asked for has the keyboard: the others are hidden.
const HAS_KEYS: &str = r"
const { activeElement } = document;
return activeElement instanceof HTMLTextAreaElement && activeElement.closest('.screen:not([hidden])') !== null;";

/// Two terminals with equal scrollbacks, one of which is in front after a reload.
pub fn measure(report: &mut Report) {
    let world = World::new("bench-reload");
    set_prompt(&world);
    fs::write(world.workspace.join("fill.sh"), FILL).unwrap();
    let screen = Screen::connect(&world.display.name);
    let app = world.open_workspace();
    let grid = app.open_shell();
    fill(&app, grid.cols);
    // What tells it from the other one.
    app.run("echo first");
    let first = whole(&app);
    open_another(&world, &app);
    fill(&app, grid.cols);
    let second = whole(&app);

    let (mut reloads, mut attaches) = (Vec::new(), Vec::new());
    for number in 0..report.rounds {
        report.progress(&format!("reload and reattach, round {}", number + 1));
        let began = now();
        let _ = app.web().execute("location.reload()", &[]);
        // The terminal that was in front is in front again.
        let seen = exact_and_typable(&app, &screen, &second, None, began);
        reloads.push((seen.shown - began, seen.echoed - began));
        same(&app, &second, "after a reload");

        // This page has not shown the other one yet: it attaches now.
        let seen = exact_and_typable(&app, &screen, &first, Some(1), 0.0);
        attaches.push((seen.shown - seen.began, seen.echoed - seen.began));
        same(&app, &first, "after attaching");
        app.click("tab", "Shell 2");
        wait_for("the second shell", QUICK, || {
            let viewer = app.viewer()?;
            if viewer.length == second.length && !viewer.text().contains("first") {
                Ok(())
            } else {
                Err(viewer.text())
            }
        });
    }
    report.heading(format!(
        "(d) exact and typable with {SCROLLBACK} lines of scrollback, ms, median of {}",
        report.rounds
    ));
    for (key, name, times) in [
        ("reload_ms", "reload of the page", reloads),
        ("reattach_ms", "attaching to a terminal", attaches),
    ] {
        let middle = |which: fn(&(f64, f64)) -> f64| {
            let all: Vec<f64> = times.iter().map(which).collect();
            round(median(&all), 0)
        };
        let (shown, echoed) = (middle(|time| time.0), middle(|time| time.1));
        report.row(
            name,
            format!("{echoed:.0}"),
            format!("every line there after {shown:.0}"),
        );
        report.set(key, echoed);
        report.set(&format!("{key}_every_line"), shown);
    }
}

/// Fills the shell in front.
pub fn fill(app: &App<'_>, cols: u16) {
    app.run(&format!("bash fill.sh {}", cols.min(120)));
    wait_for("a full scrollback", SLOW, || {
        let viewer = app.viewer()?;
        let full = viewer.length >= SCROLLBACK + usize::from(viewer.rows);
        if full && viewer.text().trim_end().ends_with("prompt>") {
            Ok(())
        } else {
            Err(format!("{} lines: {}", viewer.length, viewer.text()))
        }
    });
}

fn whole(app: &App<'_>) -> Viewer {
    app.settled();
    app.viewer_with_scrollback().unwrap()
}

/// Times in milliseconds since 1970, which the page and the bench count alike.
struct Seen {
    /// When the page was asked for the terminal.
    began: f64,
    /// When it had every line.
    shown: f64,
    /// When it had every line and the echo of the key, which is taken back.
    echoed: f64,
}

fn exact_and_typable(
    app: &App<'_>,
    screen: &Screen,
    expected: &Viewer,
    tab: Option<usize>,
    not_before: f64,
) -> Seen {
    let column = expected.cursor.x;
    // The screen is the end of the buffer.
    let at = expected.length - usize::from(expected.rows) + usize::from(expected.cursor.y);
    let lines = &expected.lines;
    let watch = [
        json!(not_before),
        json!(expected.length),
        json!(lines[at - 1].text),
        json!(lines[at].text),
        json!(column),
        json!(tab),
    ];
    until("a page that notes the times", SLOW, || {
        Ok(app.web().execute(WATCH, &watch)? == true)
    });
    let seen = |what: &str| -> Result<Option<f64>, String> {
        let at = app
            .web()
            .execute(&format!("return benchSeen.{what}"), &[])?;
        Ok(at.as_f64().filter(|at| *at > 0.0))
    };
    until("the keyboard", SLOW, || {
        Ok(app.web().execute(HAS_KEYS, &[])? == true)
    });
    screen.tap(LETTER);
    until("the echo", ECHO_WITHIN, || Ok(seen("echoed")?.is_some()));
    app.key("BackSpace");
    until("the letter to go", ECHO_WITHIN, || {
        Ok(app.viewer()?.cursor.x == column)
    });
    let time = |what| seen(what).unwrap().unwrap();
    Seen {
        began: time("began"),
        shown: time("shown"),
        echoed: time("echoed"),
    }
}

/// Looks again and again, but not all the time: each look takes from what is looked at.
fn until(what: &str, patience: Duration, look: impl Fn() -> Result<bool, String>) {
    let began = Instant::now();
    loop {
        let seen = look();
        match seen {
            Ok(true) => return,
            seen if began.elapsed() > patience => panic!("waited for {what}: {seen:?}"),
            _ => std::thread::sleep(BETWEEN_LOOKS),
        }
    }
}

fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs_f64() * 1000.0
}

fn same(app: &App<'_>, expected: &Viewer, when: &str) {
    let difference = whole(app).difference(expected);
    assert!(
        difference.is_none(),
        "{when}: {}",
        difference.unwrap_or_default()
    );
}
