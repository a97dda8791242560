//! The parameters of a control sequence, with the viewer's limits.

/// The most parameters, and the most sub-parameters, that are kept.
const LIMIT: usize = 32;

/// Parameters and their sub-parameters (`38:2::1:2:3`). There is always at least one parameter;
/// one that was left out is 0, a sub-parameter that was left out is -1.
#[derive(Debug, Clone)]
pub(super) struct Params {
    values: [i32; LIMIT],
    len: usize,
    /// Of each parameter, where its sub-parameters end; they begin where those before it end.
    sub_ends: [u8; LIMIT],
    subs: [i32; LIMIT],
    subs_len: usize,
    reject: bool,
    reject_sub: bool,
    in_sub: bool,
}

impl Params {
    pub fn new() -> Self {
        Self {
            values: [0; LIMIT],
            len: 1,
            sub_ends: [0; LIMIT],
            subs: [0; LIMIT],
            subs_len: 0,
            reject: false,
            reject_sub: false,
            in_sub: false,
        }
    }

    #[inline]
    pub fn reset(&mut self) {
        self.len = 1;
        self.values[0] = 0;
        self.sub_ends[0] = 0;
        self.subs_len = 0;
        self.reject = false;
        self.reject_sub = false;
        self.in_sub = false;
    }

    /// Takes the parameters at the start of `bytes`, and nothing that was put before; returns how
    /// many bytes they are.
    #[inline]
    pub fn read(&mut self, bytes: &[u8]) -> usize {
        self.reset();
        let mut value = 0_i32;
        let mut at = 0;
        loop {
            match bytes.get(at) {
                Some(digit @ b'0'..=b'9') => value = with_digit(value, i32::from(*digit - b'0')),
                Some(b';') if self.len < LIMIT => {
                    self.values[self.len - 1] = value;
                    value = 0;
                    self.add();
                }
                _ => break,
            }
            at += 1;
        }
        self.values[self.len - 1] = value;
        // Sub-parameters, and more parameters than are kept.
        while let Some(byte @ 0x30..=0x3b) = bytes.get(at) {
            self.put(u32::from(*byte));
            at += 1;
        }
        at
    }

    /// Takes the next character: a digit, `;` or `:`.
    pub fn put(&mut self, code: u32) {
        match code {
            0x3b => self.add(),
            0x3a => self.add_sub(),
            _ => self.digit((code as i32) - 0x30),
        }
    }

    fn add(&mut self) {
        self.in_sub = false;
        if self.len >= LIMIT {
            self.reject = true;
            return;
        }
        self.values[self.len] = 0;
        self.sub_ends[self.len] = self.subs_len as u8;
        self.len += 1;
    }

    fn add_sub(&mut self) {
        self.in_sub = true;
        if self.reject || self.subs_len >= LIMIT {
            self.reject_sub = true;
            return;
        }
        self.subs[self.subs_len] = -1;
        self.subs_len += 1;
        self.sub_ends[self.len - 1] = self.subs_len as u8;
    }

    #[inline]
    fn digit(&mut self, digit: i32) {
        if self.reject || (self.in_sub && self.reject_sub) {
            return;
        }
        let value = if self.in_sub {
            &mut self.subs[self.subs_len - 1]
        } else {
            &mut self.values[self.len - 1]
        };
        *value = if *value == -1 {
            digit
        } else {
            with_digit(*value, digit)
        };
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The parameter, 0 where there is none.
    #[inline]
    pub fn get(&self, i: usize) -> i32 {
        self.values[..self.len].get(i).copied().unwrap_or(0)
    }

    /// The parameter, 1 where it is 0 or missing.
    pub fn count(&self) -> usize {
        usize::try_from(self.get(0)).unwrap_or(0).max(1)
    }

    pub fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        self.values[..self.len].iter().copied()
    }

    /// Whether there are any sub-parameters.
    pub fn has_subs(&self) -> bool {
        self.subs_len > 0
    }

    pub fn subs(&self, i: usize) -> &[i32] {
        if i >= self.len {
            return &[];
        }
        let from = i.checked_sub(1).map_or(0, |i| self.sub_ends[i]);
        &self.subs[from.into()..self.sub_ends[i].into()]
    }
}

#[inline]
fn with_digit(value: i32, digit: i32) -> i32 {
    value.saturating_mul(10).saturating_add(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_the_same_read_in_one_go_and_one_by_one() {
        let many = "1;".repeat(LIMIT + 3);
        let many_subs = format!("4{};5", ":3".repeat(LIMIT + 3));
        for text in [
            "",
            "0",
            ";",
            ";;7",
            "38;2;1;22;333",
            "38:2::1:2:3;1",
            "4:3;58:5:9;;:",
            "99999999999;5",
            &many,
            &format!("{many}9:1"),
            &many_subs,
        ] {
            let mut read = Params::new();
            // What another sequence left.
            read.read(b"5;6:7;8");
            assert_eq!(read.read(format!("{text}m").as_bytes()), text.len());
            let mut put = Params::new();
            text.bytes().for_each(|byte| put.put(byte.into()));
            let all = |params: &Params| {
                let one = |i: usize| (params.get(i), params.subs(i).to_vec());
                (0..params.len()).map(one).collect::<Vec<_>>()
            };
            assert_eq!(all(&read), all(&put), "{text:?}");
        }
    }
}
