//! The recent bytes of a program, as far as a viewer may still be sent them.

use std::collections::VecDeque;

use crate::model::TerminalSize;

/// The most bytes that are kept.
pub const KEEP_BYTES: usize = 1024 * 1024;
/// Bytes are kept and dropped in pieces of this size.
const PIECE_BYTES: usize = 64 * 1024;

/// The recent bytes, and the points at which the size changed.
#[derive(Debug, Default)]
pub struct Stream {
    pieces: VecDeque<Vec<u8>>,
    start: u64,
    end: u64,
    /// A piece that was dropped, to be filled again.
    spare: Option<Vec<u8>>,
    resizes: VecDeque<ResizeMark>,
    next_mark: u64,
}

/// A point at which the terminal's size changed.
#[derive(Debug, Clone, Copy)]
pub struct ResizeMark {
    /// Counts the changes.
    pub number: u64,
    /// The point.
    pub offset: u64,
    /// The size from there on.
    pub size: TerminalSize,
}

impl Stream {
    /// The offset after the last byte.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The offset of the oldest byte that is kept.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The number of the next change of the size.
    pub fn next_mark(&self) -> u64 {
        self.next_mark
    }

    /// The first change of the size from this number on that is kept.
    pub fn mark_from(&self, number: u64) -> Option<ResizeMark> {
        self.resizes
            .iter()
            .find(|mark| mark.number >= number)
            .copied()
    }

    /// Appends what the program wrote; the oldest bytes leave.
    pub fn push(&mut self, mut bytes: &[u8]) {
        self.end += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = match self.pieces.back() {
                Some(last) => PIECE_BYTES - last.len(),
                None => 0,
            };
            if room == 0 {
                let piece = self.spare.take();
                self.pieces
                    .push_back(piece.unwrap_or_else(|| Vec::with_capacity(PIECE_BYTES)));
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(last) = self.pieces.back_mut() {
                last.extend_from_slice(now);
            }
            bytes = later;
        }
        self.forget_before(self.end.saturating_sub(KEEP_BYTES as u64));
    }

    /// Passes over what the program wrote: no viewer will be sent it.
    pub fn pass(&mut self, bytes: usize) {
        self.end += bytes as u64;
        self.pieces.clear();
        self.spare = None;
        self.start = self.end;
        self.forget_marks();
    }

    /// Drops what no viewer needs any more, in whole pieces.
    pub fn forget_before(&mut self, offset: u64) {
        while let Some(first) = self.pieces.front()
            && self.start + first.len() as u64 <= offset
            && !first.is_empty()
        {
            self.start += first.len() as u64;
            self.spare = self.pieces.pop_front().map(|mut piece| {
                piece.clear();
                piece
            });
        }
        self.forget_marks();
    }

    fn forget_marks(&mut self) {
        while self
            .resizes
            .front()
            .is_some_and(|mark| mark.offset < self.start)
        {
            self.resizes.pop_front();
        }
    }

    /// Notes that from here on the terminal has this size.
    pub fn resized(&mut self, size: TerminalSize) {
        self.resizes.push_back(ResizeMark {
            number: self.next_mark,
            offset: self.end(),
            size,
        });
        self.next_mark += 1;
    }

    /// The bytes between two offsets that are kept.
    pub fn copy(&self, from: u64, to: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity((to - from) as usize);
        let mut at = self.start;
        for piece in &self.pieces {
            let end = at + piece.len() as u64;
            if at < to && end > from {
                let first = from.saturating_sub(at) as usize;
                let last = (to.min(end) - at) as usize;
                out.extend_from_slice(&piece[first..last]);
            }
            at = end;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_what_was_written_last_in_pieces_of_any_size() {
        let mut stream = Stream::default();
        let mut all = Vec::new();
        for n in 0..400_usize {
            let bytes = vec![(n % 251) as u8; n * 37 % 9_001];
            stream.push(&bytes);
            all.extend(bytes);
            assert_eq!(stream.end(), all.len() as u64);
            let kept = stream.end() - stream.start();
            assert!(kept <= (KEEP_BYTES + PIECE_BYTES) as u64);
            let from = stream.start() + kept / 3;
            assert!(stream.copy(from, stream.end()) == all[from as usize..]);
        }
        assert!(stream.end() - stream.start() >= KEEP_BYTES as u64);
    }

    #[test]
    fn what_nobody_needs_takes_no_memory() {
        let mut stream = Stream::default();
        stream.push(&vec![b'x'; 500_000]);
        stream.forget_before(stream.end());
        assert!(stream.end() - stream.start() < PIECE_BYTES as u64);
        stream.pass(7);
        assert_eq!((stream.start(), stream.end()), (500_007, 500_007));
        assert!(stream.pieces.is_empty());
        stream.push(b"again");
        assert_eq!(stream.copy(500_007, stream.end()), b"again");
    }
}
