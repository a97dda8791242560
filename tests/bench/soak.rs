//! `make soak`: whether memory grows while five sessions redraw themselves in full, 20 times a second, for two hours.
//!
//! One session is in front, four are hidden. Every 10 s the memory (PSS) of Reprise's own processes is noted. What
//! counts is what they wrote themselves: how much of the files of programs and libraries is theirs depends on who else
//! runs them. Its mean in the last five minutes is set against that of the five that follow the first ten; a line fitted
//! through all samples after the first ten minutes is told beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::json;

use crate::memory::{own_processes, pss_of, written_of};
use crate::report::round;
use crate::shells::{open_another, set_prompt};
use crate::texts;
use crate::window::{App, World, repository};

const MINUTES: f64 = 120.0;
const SESSIONS: usize = 5;
const FRAMES_PER_SECOND: u32 = 20;
const SAMPLE_EVERY: Duration = Duration::from_secs(10);
/// What is not counted: caches fill, allocators settle.
const FIRST: f64 = 10.0;
/// The minutes that are averaged at both ends.
const WINDOW: f64 = 5.0;
const MOST_GROWTH_PERCENT: f64 = 5.0;
/// A session that writes fewer of its frames proves nothing.
const LEAST_RATE: f64 = 0.9;

#[derive(Serialize)]
struct Sample {
    minute: f64,
    /// All of it, with its share of files.
    pss_mb: f64,
    /// Without files.
    written_mb: f64,
    /// `written_mb` by what the processes are.
    parts: BTreeMap<&'static str, f64>,
}

/// Runs for `SOAK_MINUTES`; returns what is wrong.
pub fn measure() -> Result<(), String> {
    let minutes = match std::env::var("SOAK_MINUTES") {
        Ok(text) => text
            .parse()
            .map_err(|_| format!("SOAK_MINUTES={text} is no number"))?,
        Err(_) => MINUTES,
    };
    // A short soak has short ends.
    let first = FIRST.min(minutes / 3.0);
    let window = WINDOW.min((minutes - first) / 3.0);
    let world = World::new("soak");
    set_prompt(&world);
    let app = world.open_workspace();
    app.open_shell();
    for number in 1..=SESSIONS {
        if number > 1 {
            open_another(&world, &app);
        }
        let program = std::env::current_exe().unwrap();
        app.run(&format!("{} frames frames-{number}", program.display()));
    }

    let began = Instant::now();
    let mut samples: Vec<Sample> = Vec::new();
    let minute = || began.elapsed().as_secs_f64() / 60.0;
    while minute() < minutes {
        std::thread::sleep(SAMPLE_EVERY);
        let own = own_processes(&world, &app);
        let parts = written_of(&own);
        let sample = Sample {
            minute: round(minute(), 2),
            pss_mb: round(pss_of(&own).values().sum(), 1),
            written_mb: round(parts.values().sum(), 1),
            parts,
        };
        let parts: Vec<String> = sample
            .parts
            .iter()
            .map(|(name, mb)| format!("{name} {mb:.0}"))
            .collect();
        eprintln!(
            "soak: {:>6.1} min: {:.1} MB, with files {:.1} ({})",
            sample.minute,
            sample.written_mb,
            sample.pss_mb,
            parts.join(", ")
        );
        samples.push(sample);
        save(&samples, None);
    }
    let seconds = began.elapsed().as_secs_f64();
    let rates: Vec<f64> = (1..=SESSIONS)
        .map(|number| frames_written(&world.workspace.join(format!("frames-{number}"))) / seconds)
        .collect();
    still_alive(&app);

    let mean = |from: f64, to: f64| {
        let inside = samples
            .iter()
            .filter(|sample| sample.minute >= from && sample.minute <= to);
        let values: Vec<f64> = inside.map(|sample| sample.written_mb).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let before = mean(first, first + window);
    let after = mean(minutes - window, f64::INFINITY);
    let growth = (after / before - 1.0) * 100.0;
    let slope = slope(samples.iter().filter(|sample| sample.minute >= first));
    let verdict = json!({
        "minutes": minutes,
        "first_minutes_mb": round(before, 1),
        "last_minutes_mb": round(after, 1),
        "growth_percent": round(growth, 2),
        "fit_mb_per_hour": round(slope * 60.0, 2),
        "frames_per_second": rates.iter().map(|rate| round(*rate, 2)).collect::<Vec<_>>(),
        "frame_bytes": texts::FRAME_BYTES,
    });
    save(&samples, Some(&verdict));
    println!("{verdict:#}");
    if rates
        .iter()
        .any(|rate| *rate < f64::from(FRAMES_PER_SECOND) * LEAST_RATE)
    {
        return Err(format!(
            "a session wrote fewer frames than it should: {rates:?} per second"
        ));
    }
    if growth > MOST_GROWTH_PERCENT {
        return Err(format!(
            "memory grew by {growth:.1} % after the first {first:.0} minutes"
        ));
    }
    Ok(())
}

/// The window still answers and shows what is written.
fn still_alive(app: &App<'_>) {
    let before = app.terminal_text();
    assert!(!before.trim().is_empty(), "the terminal in front is empty");
}

/// MB per minute of the line that fits best (least squares).
fn slope<'a>(samples: impl Iterator<Item = &'a Sample>) -> f64 {
    let points: Vec<(f64, f64)> = samples
        .map(|sample| (sample.minute, sample.written_mb))
        .collect();
    let count = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| {
        (x + point.0 / count, y + point.1 / count)
    });
    let (mut over, mut under) = (0.0, 0.0);
    for (x, y) in points {
        over += (x - mean_x) * (y - mean_y);
        under += (x - mean_x).powi(2);
    }
    if under == 0.0 { 0.0 } else { over / under }
}

fn save(samples: &[Sample], verdict: Option<&serde_json::Value>) {
    let folder = repository().join("target/bench");
    fs::create_dir_all(&folder).unwrap();
    let all = json!({"result": verdict, "samples": samples});
    fs::write(folder.join("soak.json"), format!("{all:#}\n")).unwrap();
}

fn frames_written(file: &Path) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.trim().parse().unwrap_or(0.0)
}

/// The program of a session: full redraws at their rate until its terminal is gone. How many it wrote so far stands in
/// `file`. It never catches up: a terminal that does not take them in time gets fewer, which is told.
pub fn frames(file: &str) {
    let frame = texts::full_redraw();
    let between = Duration::from_secs(1) / FRAMES_PER_SECOND;
    let mut out = std::io::stdout().lock();
    let mut due = Instant::now();
    for number in 1_u64.. {
        if out.write_all(&frame).and_then(|()| out.flush()).is_err() {
            return;
        }
        let _ = fs::write(file, number.to_string());
        due = (due + between).max(Instant::now());
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}
