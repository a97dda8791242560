//! How soon a terminal with a full scrollback is there again, exact and typable: after the page was loaded
//! anew, and when a viewer attaches to a terminal that this page has not shown yet.
//!
//! The clock stops when the viewer holds every line and the echo of a key that was pressed then is parsed.
//! That every cell is the one from before is looked at after the clock has stopped.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::report::{Report, median, round};
use crate::screen::Screen;
use crate::shells::{open_another, set_prompt};
use crate::window::{App, QUICK, SLOW, Viewer, World, wait_for};

/// How often the page is asked, which is the accuracy of the times.
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
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

/// `[length of the buffer, cursor's line, its column]`, or nothing while there is no terminal.
const LOOK: &str = r"
const viewer = window.__reprise_viewer?.(0, 0);
if (!viewer) return null;
const { cursor, length, rows } = viewer;
const [line] = window.__reprise_viewer(length - rows + cursor.y, 1).lines;
return [length, line ? line.text : '', cursor.x];";

/// Two terminals with equal scrollbacks, one of which is in front after a reload.
pub fn measure(report: &mut Report) {
    let world = World::new("bench-reload");
    set_prompt(&world);
    fs::write(world.workspace.join("fill.sh"), FILL).unwrap();
    let screen = Screen::connect(&world.display.name);
    let app = world.open_workspace();
    let grid = app.open_shell();
    fill(&app, grid.cols);
    let first = whole(&app);
    open_another(&world, &app);
    fill(&app, grid.cols);
    let second = whole(&app);

    let (mut reloads, mut attaches) = (Vec::new(), Vec::new());
    for number in 0..report.rounds {
        report.progress(&format!("reload and reattach, round {}", number + 1));
        let began = Instant::now();
        // The page that is about to go could still answer, and take the key.
        let _ = app
            .web()
            .execute("delete window.__reprise_viewer; location.reload()", &[]);
        // The terminal that was in front is in front again.
        let (shown, echoed) = exact_and_typable(&app, &screen, &second);
        reloads.push((shown - began, echoed - began));
        same(&app, &second, "after a reload");

        // This page has not shown the other one yet: it attaches now.
        let began = Instant::now();
        app.web()
            .execute("document.querySelectorAll('[role=tab]')[1].click()", &[])
            .unwrap();
        let (shown, echoed) = exact_and_typable(&app, &screen, &first);
        attaches.push((shown - began, echoed - began));
        same(&app, &first, "after attaching");
        app.click("tab", "Shell 2");
        wait_for("the second shell", QUICK, || {
            let viewer = app.viewer()?;
            if viewer.length == second.length {
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
        let middle = |which: fn(&(Duration, Duration)) -> Duration| {
            let all: Vec<f64> = times
                .iter()
                .map(|time| which(time).as_secs_f64() * 1000.0)
                .collect();
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

/// When the viewer had every line with the cursor at the prompt, and when it had the echo of a key pressed then, which
/// is taken back.
fn exact_and_typable(app: &App<'_>, screen: &Screen, expected: &Viewer) -> (Instant, Instant) {
    let look = || -> Result<(Value, Instant), String> {
        let seen = app.web().execute(LOOK, &[])?;
        Ok((seen, Instant::now()))
    };
    let column = expected.cursor.x;
    // The screen is the end of the buffer.
    let at = expected.length - usize::from(expected.rows) + usize::from(expected.cursor.y);
    let prompt = &expected.lines[at].text;
    let until = |what: &str, wanted: Value, patience: Duration| {
        let began = Instant::now();
        loop {
            let seen = look();
            match seen {
                Ok((seen, at)) if seen == wanted => return at,
                seen if began.elapsed() > patience => {
                    panic!("waited for {what}, {wanted}: {seen:?}")
                }
                // Each look takes time from what is looked at.
                _ => std::thread::sleep(BETWEEN_LOOKS),
            }
        }
    };
    let shown = until("every line", json!([expected.length, prompt, column]), SLOW);
    screen.tap(LETTER);
    let echoed = until(
        "the echo",
        json!([expected.length, format!("{prompt}x"), column + 1]),
        ECHO_WITHIN,
    );
    app.key("BackSpace");
    until(
        "the letter to go",
        json!([expected.length, prompt, column]),
        ECHO_WITHIN,
    );
    (shown, echoed)
}

fn same(app: &App<'_>, expected: &Viewer, when: &str) {
    let difference = whole(app).difference(expected);
    assert!(
        difference.is_none(),
        "{when}: {}",
        difference.unwrap_or_default()
    );
}
