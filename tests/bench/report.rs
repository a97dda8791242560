//! The figures: one table on standard output, and `target/bench/results.json`.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::window::repository;

/// What was measured so far.
pub struct Report {
    /// How often what is quick is measured; the median counts.
    pub rounds: usize,
    results: Map<String, Value>,
    rows: Vec<Row>,
    began: Instant,
}

enum Row {
    Heading(String),
    Figure {
        name: String,
        value: String,
        /// What it is held against.
        beside: String,
    },
}

impl Report {
    pub fn open(rounds: usize) -> Self {
        let results = fs::read_to_string(results_file())
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        Self {
            rounds,
            results,
            rows: Vec::new(),
            began: Instant::now(),
        }
    }

    /// Says on standard error what is measured now.
    pub fn progress(&self, what: &str) {
        eprintln!("bench: {:>4} s: {what}", self.began.elapsed().as_secs());
    }

    /// Notes a figure under its name in `results.json`.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.results.insert(key.to_owned(), value.into());
    }

    /// A figure of this run, or of an earlier one, inside the object `key`.
    pub fn figure(&self, key: &str, name: &str) -> Option<f64> {
        self.results.get(key)?.get(name)?.as_f64()
    }

    /// A figure of this run, or of an earlier one.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.results.get(key)?.as_f64()
    }

    pub fn heading(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Heading(text.into()));
    }

    pub fn row(&mut self, name: &str, value: impl Into<String>, beside: impl Into<String>) {
        self.rows.push(Row::Figure {
            name: name.to_owned(),
            value: value.into(),
            beside: beside.into(),
        });
    }

    /// What the last row is held against.
    pub fn ratio(&mut self, text: String) {
        if let Some(Row::Figure { beside, .. }) = self.rows.last_mut() {
            *beside = text;
        }
    }

    /// Writes what is known so far.
    pub fn save(&self) {
        let file = results_file();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let text = serde_json::to_string_pretty(&self.results).unwrap();
        fs::write(file, text + "\n").unwrap();
    }

    /// The table.
    pub fn print(&self) {
        for row in &self.rows {
            match row {
                Row::Heading(text) => println!("\n{text}"),
                Row::Figure {
                    name,
                    value,
                    beside,
                } => println!("  {name:<44}{value:>20}   {beside}"),
            }
        }
        println!("\n{}", results_file().display());
    }
}

fn results_file() -> PathBuf {
    repository().join("target/bench/results.json")
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    percentile(values, 50.0)
}

/// The smallest value that this share of all values, in percent, does not exceed.
pub fn percentile(values: &[f64], percent: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// Rounded to what a reader can use.
pub fn round(value: f64, digits: i32) -> f64 {
    let factor = 10_f64.powi(digits);
    (value * factor).round() / factor
}
