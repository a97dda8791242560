//! Versions of the CLI, and what each is known to understand.

use std::fmt;
use std::str::FromStr;

/// The oldest version that passes `tests/claude_cli`. Older ones write no `status` into
/// their session file, so that nothing could be said about a session.
pub const OLDEST_VERSION: CliVersion = CliVersion::new(2, 1, 200);

/// A version of the CLI, as `claude --version` prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CliVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl CliVersion {
    /// The version of these three numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self {
            major,
            minor,
            patch,
        }
    }

    /// Reads what `claude --version` prints, `2.1.329 (Claude Code)`. Lines before it, as a
    /// wrapper script may print them, are passed over.
    pub fn from_output(output: &str) -> Option<Self> {
        output.lines().find_map(|line| {
            let line = line.trim();
            let (version, rest) = line.split_once(' ').unwrap_or((line, ""));
            (rest.is_empty() || rest.contains("Claude Code"))
                .then(|| version.parse().ok())
                .flatten()
        })
    }
}

impl fmt::Display for CliVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version")]
pub struct InvalidVersion(pub String);

impl FromStr for CliVersion {
    type Err = InvalidVersion;

    /// Reads `major.minor.patch`; what follows a `-` or `+` is left out.
    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let invalid = || InvalidVersion(text.to_owned());
        let numbers = text.split(['-', '+']).next().unwrap_or(text);
        let mut parts = numbers.split('.').map(str::parse::<u32>);
        let mut next = || parts.next().and_then(Result::ok).ok_or_else(invalid);
        let version = Self::new(next()?, next()?, next()?);
        match parts.next() {
            None => Ok(version),
            Some(_) => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_the_cli_prints_also_below_a_wrappers_noise() {
        let version = Some(CliVersion::new(2, 1, 329));
        for output in [
            "2.1.329 (Claude Code)\n",
            "using node v22\n2.1.329 (Claude Code)\n",
            "2.1.329",
            "2.1.329-beta.1 (Claude Code)",
        ] {
            assert_eq!(CliVersion::from_output(output), version, "{output:?}");
        }
        for output in [
            "",
            "claude",
            "1.2 (Claude Code)",
            "1.2.3.4",
            "v22.1.0",
            "2.1.x",
        ] {
            assert_eq!(CliVersion::from_output(output), None, "{output:?}");
        }
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(CliVersion::new(2, 1, 99) < OLDEST_VERSION);
        assert!(CliVersion::new(2, 10, 0) > CliVersion::new(2, 9, 9));
        assert_eq!(OLDEST_VERSION.to_string().parse(), Ok(OLDEST_VERSION));
    }
}
