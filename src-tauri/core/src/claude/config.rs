//! Where the CLI keeps what it remembers.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The CLI's configuration folder of one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigDir {
    folder: PathBuf,
    settings_file: PathBuf,
}

impl ConfigDir {
    /// The folder that a CLI with these variables uses: `$CLAUDE_CONFIG_DIR`, else
    /// `$HOME/.claude`. None without either.
    pub fn of_env(env: &[(OsString, OsString)]) -> Option<Self> {
        let value = |name: &str| {
            env.iter()
                .rev()
                .find(|(key, _)| key == OsStr::new(name))
                .map(|(_, value)| PathBuf::from(value))
                .filter(|path| !path.as_os_str().is_empty())
        };
        if let Some(folder) = value("CLAUDE_CONFIG_DIR") {
            return Some(Self::moved_to(folder));
        }
        value("HOME").map(|home| Self {
            folder: home.join(".claude"),
            settings_file: home.join(".claude.json"),
        })
    }

    /// The folder as `$CLAUDE_CONFIG_DIR` names it: everything is inside.
    pub fn moved_to(folder: PathBuf) -> Self {
        Self {
            settings_file: folder.join(".claude.json"),
            folder,
        }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that holds, among other things, which folders are trusted.
    pub fn settings_file(&self) -> &Path {
        &self.settings_file
    }

    /// One file per live process: `<pid>.json`.
    pub fn sessions(&self) -> PathBuf {
        self.folder.join("sessions")
    }

    /// One folder per workspace, with the transcripts in it.
    pub fn projects(&self) -> PathBuf {
        self.folder.join("projects")
    }

    /// Other configuration folders that this environment's person may have used: the usual
    /// one where `CLAUDE_CONFIG_DIR` is set, and `~/.claude-*` beside it, which people make
    /// to keep accounts apart. Sorted; only folders that exist.
    pub fn others(&self, env: &[(OsString, OsString)]) -> Vec<Self> {
        let Some((_, home)) = env.iter().rev().find(|(key, _)| key == "HOME") else {
            return Vec::new();
        };
        let home = Path::new(home);
        let usual = Self {
            folder: home.join(".claude"),
            settings_file: home.join(".claude.json"),
        };
        let mut found = vec![usual];
        found.push(Self::moved_to(home.join(".config/claude")));
        if let Ok(entries) = std::fs::read_dir(home) {
            let mut beside: Vec<PathBuf> = entries
                .filter_map(Result::ok)
                .filter(|entry| {
                    entry
                        .file_name()
                        .to_str()
                        .is_some_and(|name| name.starts_with(".claude-"))
                })
                .map(|entry| entry.path())
                .collect();
            beside.sort();
            found.extend(beside.into_iter().map(Self::moved_to));
        }
        found.retain(|dir| dir.folder != self.folder && dir.folder.join("projects").is_dir());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &Path)]) -> Vec<(OsString, OsString)> {
        pairs
            .iter()
            .map(|(key, value)| ((*key).into(), value.as_os_str().to_owned()))
            .collect()
    }

    #[test]
    fn the_variable_moves_everything_and_an_empty_one_moves_nothing() {
        let home = Path::new("/home/ana");
        let usual = ConfigDir::of_env(&env(&[("HOME", home)])).unwrap();
        assert_eq!(usual.folder(), home.join(".claude"));
        assert_eq!(usual.settings_file(), home.join(".claude.json"));
        let moved = env(&[("HOME", home), ("CLAUDE_CONFIG_DIR", Path::new("/c"))]);
        let moved = ConfigDir::of_env(&moved).unwrap();
        assert_eq!(moved.settings_file(), Path::new("/c/.claude.json"));
        let empty = env(&[("HOME", home), ("CLAUDE_CONFIG_DIR", Path::new(""))]);
        assert_eq!(ConfigDir::of_env(&empty), Some(usual));
        assert_eq!(ConfigDir::of_env(&[]), None);
    }

    #[test]
    fn other_folders_are_those_that_exist_and_are_not_this_one() {
        let home = tempfile::tempdir().unwrap();
        for name in [".claude", ".claude-work"] {
            std::fs::create_dir_all(home.path().join(name).join("projects")).unwrap();
        }
        std::fs::create_dir(home.path().join(".claude-empty")).unwrap();
        let env = env(&[("HOME", home.path())]);
        let others = ConfigDir::of_env(&env).unwrap().others(&env);
        let folders: Vec<&Path> = others.iter().map(ConfigDir::folder).collect();
        assert_eq!(folders, [home.path().join(".claude-work")]);
    }
}
