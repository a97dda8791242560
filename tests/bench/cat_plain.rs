//! How fast a terminal takes the output of `cat`: Reprise's window, a reader that throws the bytes
//! away, and Alacritty, one after the other in one run.
//!
//! All three run the same script, which notes the time before `cat` and after the terminal has
//! answered a cursor position request sent behind the text. In Reprise the host answers it, so
//! there the clock stops later: when the end marker stands in the viewer's buffer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a benchmark that cannot go on says so by panicking"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;

use window::{App, Process, SLOW, World, wait_for};

#[path = "../window/mod.rs"]
mod window;

const ROUNDS: usize = 5;
const MEGABYTES: usize = 40;
const TOO_LONG: Duration = Duration::from_secs(120);

/// `$1` the text, `$2` where the times go, `$3` the end marker.
const SCRIPT: &str = r#"
stty raw -echo
before=$EPOCHREALTIME
cat "$1"
printf '\r\n%s\r\n\033[6n' "$3"
IFS= read -rs -d R answer
echo "$before $EPOCHREALTIME" > "$2.new"
mv "$2.new" "$2"
stty sane
"#;

fn main() {
    let world = World::new("bench-cat");
    let text = world.workspace.join("text");
    write_text(&text);
    fs::write(world.workspace.join("cat.sh"), SCRIPT).unwrap();
    let bytes = fs::metadata(&text).unwrap().len();

    let app = world.open_workspace();
    open_shell(&world, &app);

    let (mut reprise, mut host, mut null, mut alacritty) = (vec![], vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        null.push(rate(bytes, null_reader(&world, round)));
        let (in_viewer, in_host) = in_reprise(&world, &app, round);
        reprise.push(rate(bytes, in_viewer));
        host.push(rate(bytes, in_host));
        alacritty.push(rate(bytes, in_alacritty(&world, round)));
    }

    println!("cat of {MEGABYTES} MB of plain text, MB/s, median of {ROUNDS} (all)");
    for (name, rates) in [
        ("Reprise, parsed in the viewer", &reprise),
        ("Reprise, parsed in the host", &host),
        ("null PTY reader", &null),
        ("Alacritty", &alacritty),
    ] {
        let all: Vec<String> = rates.iter().map(|rate| format!("{rate:.1}")).collect();
        println!("{name:<32}{:>8.1}   ({})", median(rates), all.join(" "));
    }
    let results = json!({"cat_plain": {
        "reprise_mb_s": median(&reprise),
        "reprise_host_mb_s": median(&host),
        "null_mb_s": median(&null),
        "alacritty_mb_s": median(&alacritty),
    }});
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/bench");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("results.json"), format!("{results:#}\n")).unwrap();
}

/// Numbered lines of text.
fn write_text(file: &Path) {
    let mut text = Vec::with_capacity(MEGABYTES * 1_000_000 + 100);
    let mut number = 0_u64;
    while text.len() < MEGABYTES * 1_000_000 {
        number += 1;
        writeln!(
            text,
            "{number:08} the quick brown fox jumps over the lazy dog and back"
        )
        .unwrap();
    }
    fs::write(file, text).unwrap();
}

fn open_shell(world: &World, app: &App<'_>) {
    app.click("button", "New shell");
    wait_for("the shell", SLOW, || {
        let list = world.list();
        if list.iter().any(|listed| listed.terminal == "shell-1") {
            Ok(())
        } else {
            Err(app.page_text())
        }
    });
    app.type_keys("echo ready-$((1+1))");
    app.key("Return");
    app.wait_for_text("ready-2");
}

/// Where the script writes its times in this round.
fn times(world: &World, who: &str, round: usize) -> PathBuf {
    world.workspace.join(format!("{who}-{round}"))
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

/// Seconds until the viewer had the end marker, and until the host had it.
fn in_reprise(world: &World, app: &App<'_>, round: usize) -> (f64, f64) {
    // The page itself looks, so that no request to it stands in the way of the bytes.
    let marker = format!("end-of-round-{round}");
    let watch = "window.__seen = null; const marker = arguments[0]; const look = () => { \
        const viewer = window.__reprise_viewer(); \
        if (viewer && viewer.lines.some((line) => line.text === marker)) \
            window.__seen = (performance.timeOrigin + performance.now()) / 1000; \
        else setTimeout(look, 20); }; look();";
    app.web().execute(watch, &[json!(marker)]).unwrap();
    let file = times(world, "reprise", round);
    app.type_keys(&format!("bash cat.sh text {} {marker}", file.display()));
    app.key("Return");
    let (before, answered) = read_times(&file);
    let seen = wait_for("the marker in the viewer", TOO_LONG, || {
        let seen = app.web().execute("return window.__seen", &[])?;
        seen.as_f64().ok_or_else(|| "not yet".to_owned())
    });
    (seen - before, answered - before)
}

fn in_alacritty(world: &World, round: usize) -> f64 {
    let file = times(world, "alacritty", round);
    let mut command = Command::new("alacritty");
    world.inside(&mut command);
    command.current_dir(&world.workspace);
    command.args([
        "-o",
        "window.dimensions.columns=130",
        "-o",
        "window.dimensions.lines=40",
    ]);
    command
        .args(["-e", "bash", "cat.sh", "text"])
        .arg(&file)
        .arg("end");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _alacritty = Process::start(&mut command);
    let (before, after) = read_times(&file);
    after - before
}

/// Reads as fast as it can, keeps nothing, and answers the one question at the end.
fn null_reader(world: &World, round: usize) -> f64 {
    let file = times(world, "null", round);
    let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = File::options().read(true).write(true).open(name).unwrap();
    let mut command = Command::new("bash");
    world.inside(&mut command);
    command
        .current_dir(&world.workspace)
        .args(["cat.sh", "text"])
        .arg(&file)
        .arg("end");
    command
        .stdin(theirs.try_clone().unwrap())
        .stdout(theirs.try_clone().unwrap())
        .stderr(theirs);
    let _script = Process::start(&mut command);
    drop(command);

    let mut ours = File::from(ours);
    let mut buffer = vec![0; 256 * 1024];
    let mut tail = Vec::new();
    loop {
        let read = ours
            .read(&mut buffer)
            .expect("the script writes until it is answered");
        tail.extend_from_slice(&buffer[read.saturating_sub(8)..read]);
        if tail.ends_with(b"\x1b[6n") {
            break;
        }
        tail.drain(..tail.len().saturating_sub(8));
    }
    ours.write_all(b"\x1b[1;1R").unwrap();
    let (before, after) = read_times(&file);
    after - before
}

/// Megabytes (10^6) per second.
fn rate(bytes: u64, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
