//! Which store to use.

use std::ffi::OsStr;

use super::team_connection::TeamConnection;

/// The variable that says which store to use, whatever the settings say: `local`, or a
/// connection string.
pub const STORE_VARIABLE: &str = "REPRISE_STORE";
/// The word for this computer's own store.
const LOCAL: &str = "local";

/// Which store to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// The file on this computer.
    Local,
    /// A team's MongoDB.
    Team(TeamConnection),
}

/// What says which store to use makes no sense. Neither this nor what it says holds the value,
/// in which a password may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChoice {
    /// [`STORE_VARIABLE`] is set to something else.
    #[error(
        "REPRISE_STORE is neither \"local\" nor a connection string such as \
         mongodb://user@host:27017/database; correct it, or leave it away"
    )]
    Variable,
    /// The preferences hold something else.
    #[error(
        "the store in the settings is no connection string such as \
         mongodb://user@host:27017/database; choose the store again"
    )]
    Preference,
}

impl StoreChoice {
    /// The store that the variable names where it is set, else that of the preferences, else
    /// the one on this computer.
    ///
    /// # Errors
    /// [`InvalidChoice`]: no other store takes the place of one that was meant.
    pub fn of(variable: Option<&OsStr>, preference: Option<&str>) -> Result<Self, InvalidChoice> {
        match (variable, preference) {
            (Some(variable), _) => variable
                .to_str()
                .and_then(Self::read)
                .ok_or(InvalidChoice::Variable),
            (None, Some(preference)) => Self::read(preference).ok_or(InvalidChoice::Preference),
            (None, None) => Ok(Self::Local),
        }
    }

    fn read(text: &str) -> Option<Self> {
        if text.trim() == LOCAL {
            return Some(Self::Local);
        }
        TeamConnection::parse(text).ok().map(Self::Team)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_before_the_preference_and_neither_falls_back_to_this_computer() {
        let of = |variable: Option<&str>, preference| {
            StoreChoice::of(variable.map(OsStr::new), preference)
        };
        let team = TeamConnection::parse("mongodb://h/team").unwrap();
        assert_eq!(of(None, None), Ok(StoreChoice::Local));
        assert_eq!(
            of(None, Some("mongodb://h/team")),
            Ok(StoreChoice::Team(team.clone()))
        );
        assert_eq!(
            of(Some("local"), Some("mongodb://h/team")),
            Ok(StoreChoice::Local)
        );
        assert_eq!(
            of(Some("mongodb://h/team"), None),
            Ok(StoreChoice::Team(team))
        );
        for nonsense in ["", "Local", "mongo://ana:s3cret@h/team", "/a/file"] {
            let refused = of(Some(nonsense), None).unwrap_err();
            assert_eq!(refused, InvalidChoice::Variable);
            assert!(!refused.to_string().contains("s3cret"));
            assert_eq!(of(None, Some(nonsense)), Err(InvalidChoice::Preference));
        }
    }
}
