//! Whether the person trusts a folder. In one that is not trusted the CLI opens a dialog and
//! waits, and nothing else of it tells that it does.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::config::ConfigDir;

/// Whether a start in a folder meets the trust dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The folder or one above it is trusted.
    Trusted,
    /// Neither is: the dialog opens.
    NotTrusted,
    /// The CLI's file cannot be read.
    Unknown,
}

/// The file holds a record per folder ever opened; far more than it grows to.
const LIMIT_BYTES: u64 = 64 * 1024 * 1024;

/// Whether `workspace`, its links resolved, or a folder above it is trusted.
pub fn of_workspace(config: &ConfigDir, workspace: &Path) -> Trust {
    let file = match std::fs::File::open(config.settings_file()) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Trust::NotTrusted,
        Err(_) => return Trust::Unknown,
    };
    let mut text = Vec::new();
    if file.take(LIMIT_BYTES).read_to_end(&mut text).is_err() {
        return Trust::Unknown;
    }
    let Ok(settings) = serde_json::from_slice::<Settings>(&text) else {
        return Trust::Unknown;
    };
    let trusted = |folder: &Path| {
        folder
            .to_str()
            .and_then(|folder| settings.projects.get(folder))
            .is_some_and(|project| project.accepted == serde_json::Value::Bool(true))
    };
    if workspace.ancestors().any(trusted) {
        Trust::Trusted
    } else {
        Trust::NotTrusted
    }
}

#[derive(Deserialize)]
struct Settings {
    #[serde(default)]
    projects: HashMap<String, Project>,
}

#[derive(Deserialize)]
struct Project {
    #[serde(default, rename = "hasTrustDialogAccepted")]
    accepted: serde_json::Value,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_trusted_by_itself_or_by_one_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = ConfigDir::moved_to(folder.path().to_owned());
        let trust = |path: &str| of_workspace(&config, Path::new(path));
        assert_eq!(trust("/a/b"), Trust::NotTrusted);
        let text = r#"{"projects":{"/a":{"hasTrustDialogAccepted":true},
            "/c":{"hasTrustDialogAccepted":false},"/d":{}},"x":1}"#;
        std::fs::write(config.settings_file(), text).unwrap();
        assert_eq!(trust("/a"), Trust::Trusted);
        assert_eq!(trust("/a/b/c"), Trust::Trusted);
        for path in ["/ab", "/c", "/d", "/"] {
            assert_eq!(trust(path), Trust::NotTrusted, "{path}");
        }
        std::fs::write(config.settings_file(), "{").unwrap();
        assert_eq!(trust("/a"), Trust::Unknown);
    }
}
