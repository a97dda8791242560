//! The parameters of a control sequence, with the viewer's limits.

/// The most parameters, and the most sub-parameters, that are kept.
const LIMIT: usize = 32;

/// Parameters and their sub-parameters (`38:2::1:2:3`). There is always at least one parameter;
/// one that was left out is 0, a sub-parameter that was left out is -1.
#[derive(Debug, Clone)]
pub(super) struct Params {
    values: Vec<i32>,
    /// Of each parameter, where its sub-parameters begin and end.
    sub_ranges: Vec<(usize, usize)>,
    subs: Vec<i32>,
    reject: bool,
    reject_sub: bool,
    in_sub: bool,
}

impl Params {
    pub fn new() -> Self {
        let mut params = Self {
            values: Vec::with_capacity(LIMIT),
            sub_ranges: Vec::with_capacity(LIMIT),
            subs: Vec::with_capacity(LIMIT),
            reject: false,
            reject_sub: false,
            in_sub: false,
        };
        params.reset();
        params
    }

    pub fn reset(&mut self) {
        self.values.clear();
        self.sub_ranges.clear();
        self.subs.clear();
        self.reject = false;
        self.reject_sub = false;
        self.in_sub = false;
        self.add();
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
        if self.values.len() >= LIMIT {
            self.reject = true;
            return;
        }
        self.sub_ranges.push((self.subs.len(), self.subs.len()));
        self.values.push(0);
    }

    fn add_sub(&mut self) {
        self.in_sub = true;
        if self.reject || self.subs.len() >= LIMIT {
            self.reject_sub = true;
            return;
        }
        self.subs.push(-1);
        if let Some(range) = self.sub_ranges.last_mut() {
            range.1 += 1;
        }
    }

    fn digit(&mut self, digit: i32) {
        if self.reject || (self.in_sub && self.reject_sub) {
            return;
        }
        let store = if self.in_sub {
            &mut self.subs
        } else {
            &mut self.values
        };
        if let Some(value) = store.last_mut() {
            *value = if *value == -1 {
                digit
            } else {
                value.saturating_mul(10).saturating_add(digit)
            };
        }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The parameter, 0 where there is none.
    pub fn get(&self, i: usize) -> i32 {
        self.values.get(i).copied().unwrap_or(0)
    }

    /// The parameter, 1 where it is 0 or missing.
    pub fn count(&self) -> usize {
        usize::try_from(self.get(0)).unwrap_or(0).max(1)
    }

    pub fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        self.values.iter().copied()
    }

    pub fn subs(&self, i: usize) -> &[i32] {
        self.sub_ranges
            .get(i)
            .map_or(&[], |(from, to)| &self.subs[*from..*to])
    }
}
