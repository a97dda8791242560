//! How busily a program writes.

use std::time::{Duration, Instant};

/// Output is counted in windows of this length.
const WINDOW: Duration = Duration::from_millis(100);
/// No more than this in the last one to two windows, some 2.5 to 5 MB/s, and any viewer follows.
const SLOW_BYTES: u64 = 512 * 1024;

/// Counts what the program wrote lately.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    current: u64,
    previous: u64,
}

impl Pace {
    /// Nothing was written yet.
    pub fn new(now: Instant) -> Self {
        Self {
            began: now,
            current: 0,
            previous: 0,
        }
    }

    /// The program wrote this many bytes.
    pub fn wrote(&mut self, bytes: usize, now: Instant) {
        self.turn(now);
        self.current += bytes as u64;
    }

    /// Whether a viewer can follow.
    pub fn is_slow(&mut self, now: Instant) -> bool {
        self.turn(now);
        self.current + self.previous <= SLOW_BYTES
    }

    fn turn(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.began);
        if since >= WINDOW {
            self.previous = if since < WINDOW * 2 { self.current } else { 0 };
            self.current = 0;
            self.began = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_slow_and_a_burst_is_not_until_it_is_over() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut pace = Pace::new(start);
        for ms in 0..2_000 {
            pace.wrote(2_000, at(ms));
            assert!(pace.is_slow(at(ms)), "{ms}");
        }
        pace.wrote(1024 * 1024, at(2_000));
        assert!(!pace.is_slow(at(2_000)));
        assert!(!pace.is_slow(at(2_150)));
        assert!(pace.is_slow(at(2_400)));
        for ms in 2_400..3_000 {
            pace.wrote(20_000, at(ms));
        }
        assert!(!pace.is_slow(at(3_000)));
    }
}
