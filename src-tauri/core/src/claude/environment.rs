//! The environment that a program in one of our terminals gets: the person's own, without
//! what belongs to the process we were started from.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Variables in the order they are passed on, each name once.
pub type Env = Vec<(OsString, OsString)>;

/// Left by a Claude session that we were started from. `CLAUDE_CODE_CHILD_SESSION` makes the
/// CLI write no transcript at all. Other `CLAUDE_CODE_*` are the person's own settings.
const CLAUDES: &[&str] = &["CLAUDECODE", "CLAUDE_PID", "CLAUDE_EFFORT", "AI_AGENT"];
const CLAUDES_PREFIXES: &[&str] = &[
    "CLAUDE_CODE_CHILD_",
    "CLAUDE_CODE_SESSION_",
    "CLAUDE_CODE_MESSAGING_",
];

/// An AppImage's runtime describes itself with these.
const APP_IMAGES: &[&str] = &["APPIMAGE", "APPDIR", "ARGV0", "OWD", "APPIMAGE_UUID"];

/// Describe the terminal, the window or the shell that we were started from.
const OUTER: &[&str] = &[
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
    "TERM_SESSION_ID",
    "LC_TERMINAL",
    "LC_TERMINAL_VERSION",
    "VTE_VERSION",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "WINDOW",
    "WINDOWID",
    "COLUMNS",
    "LINES",
    "WT_SESSION",
    "WT_PROFILE_ID",
    "TERMINAL_EMULATOR",
    "DESKTOP_STARTUP_ID",
    "XDG_ACTIVATION_TOKEN",
    "_",
    "SHLVL",
    "OLDPWD",
    "PWD",
];
const OUTER_PREFIXES: &[&str] = &[
    "KITTY_",
    "ITERM_",
    "ALACRITTY_",
    "WEZTERM_",
    "GHOSTTY_",
    "KONSOLE_",
    "GNOME_TERMINAL_",
    "ZELLIJ",
];

/// Whether a variable belongs to a Claude session, to Reprise itself or to an AppImage: never
/// passed on, also not when the person's project asks for it.
pub fn is_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("REPRISE_")
        || CLAUDES.contains(&&*name)
        || APP_IMAGES.contains(&&*name)
        || CLAUDES_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

fn is_outer(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    OUTER.contains(&&*name) || OUTER_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The person's environment `from`, cleaned: of Claude's, ours and AppImage's variables.
pub fn cleaned(from: &[(OsString, OsString)]) -> Env {
    let app_dir = from
        .iter()
        .find(|(name, value)| name == "APPDIR" && !value.is_empty())
        .map(|(_, value)| value.clone());
    let mut kept = BTreeMap::new();
    for (name, value) in from {
        if is_ours(name) || name.is_empty() {
            continue;
        }
        match &app_dir {
            None => {
                kept.insert(name.clone(), value.clone());
            }
            Some(app_dir) => {
                if let Some(value) = outside(value, Path::new(app_dir)) {
                    kept.insert(name.clone(), value);
                }
            }
        }
    }
    kept.into_iter().collect()
}

/// The environment of a program in a terminal whose folder is `cwd`: [`cleaned`], describing
/// our terminal instead of the outer one, with `own` added last.
pub fn for_terminal<'a>(
    from: &[(OsString, OsString)],
    cwd: &Path,
    own: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Env {
    let mut env: BTreeMap<OsString, OsString> = cleaned(from)
        .into_iter()
        .filter(|(name, _)| !is_outer(name))
        .collect();
    env.insert("TERM".into(), "xterm-256color".into());
    env.insert("COLORTERM".into(), "truecolor".into());
    env.insert("TERM_PROGRAM".into(), "Reprise".into());
    env.insert("PWD".into(), cwd.as_os_str().to_owned());
    // Without any of these a program may take the terminal for one that knows ASCII only.
    if !["LC_ALL", "LC_CTYPE", "LANG"].iter().any(|name| {
        env.get(OsStr::new(name))
            .is_some_and(|value| !value.is_empty())
    }) {
        env.insert("LANG".into(), "C.UTF-8".into());
    }
    env.extend(
        own.into_iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    env.into_iter().collect()
}

/// The last value of a variable.
pub fn value<'a>(env: &'a [(OsString, OsString)], name: &str) -> Option<&'a OsStr> {
    env.iter()
        .rev()
        .find(|(key, _)| key == OsStr::new(name))
        .map(|(_, value)| value.as_os_str())
}

/// A list of paths without the entries inside an AppImage's mount, which is gone when the
/// app ends while the terminals go on. None where nothing else was in it.
#[cfg(unix)]
fn outside(value: &OsStr, app_dir: &Path) -> Option<OsString> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let inside = |entry: &&[u8]| Path::new(OsStr::from_bytes(entry)).starts_with(app_dir);
    let entries: Vec<&[u8]> = value.as_bytes().split(|byte| *byte == b':').collect();
    if !entries.iter().any(&inside) {
        return Some(value.to_owned());
    }
    let rest: Vec<&[u8]> = entries.into_iter().filter(|entry| !inside(entry)).collect();
    (!rest.is_empty()).then(|| OsString::from_vec(rest.join(&b':')))
}

#[cfg(not(unix))]
fn outside(value: &OsStr, _app_dir: &Path) -> Option<OsString> {
    Some(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    }

    fn terminal(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        for_terminal(&env(pairs), Path::new("/p"), [])
            .into_iter()
            .map(|(name, value)| (name.into_string().unwrap(), value.into_string().unwrap()))
            .filter(|(name, _)| !["TERM", "COLORTERM", "TERM_PROGRAM", "PWD"].contains(&&**name))
            .collect()
    }

    #[test]
    fn a_parent_sessions_variables_go_and_the_persons_own_settings_stay() {
        let kept = terminal(&[
            ("CLAUDECODE", "1"),
            ("CLAUDE_CODE_CHILD_SESSION", "1"),
            ("CLAUDE_CODE_SESSION_ID", "x"),
            ("CLAUDE_CODE_MESSAGING_SOCKET", "/s"),
            ("CLAUDE_PID", "1"),
            ("CLAUDE_EFFORT", "high"),
            ("AI_AGENT", "claude"),
            ("REPRISE_CLAUDE", "/c"),
            ("CLAUDE_CODE_USE_BEDROCK", "1"),
            ("CLAUDE_CODE_NO_FLICKER", "0"),
            ("CLAUDE_CONFIG_DIR", "/cfg"),
            ("ANTHROPIC_BASE_URL", "http://x"),
            ("LANG", "pt_BR.UTF-8"),
        ]);
        let names: Vec<&str> = kept.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "ANTHROPIC_BASE_URL",
                "CLAUDE_CODE_NO_FLICKER",
                "CLAUDE_CODE_USE_BEDROCK",
                "CLAUDE_CONFIG_DIR",
                "LANG",
            ]
        );
    }

    #[test]
    fn the_outer_terminal_is_not_described_to_our_programs() {
        let env = for_terminal(
            &env(&[
                ("TERM", "tmux-256color"),
                ("TMUX", "/t"),
                ("TMUX_PANE", "%1"),
                ("STY", "1"),
                ("COLUMNS", "80"),
                ("LINES", "24"),
                ("WINDOWID", "1"),
                ("KITTY_WINDOW_ID", "1"),
                ("ITERM_SESSION_ID", "1"),
                ("VTE_VERSION", "7"),
                ("TERM_PROGRAM", "vscode"),
                ("TERM_PROGRAM_VERSION", "1"),
                ("PWD", "/elsewhere"),
            ]),
            Path::new("/p"),
            [("A", "b")],
        );
        let text = |name| value(&env, name).map(|value| value.to_str().unwrap());
        assert_eq!(text("TERM"), Some("xterm-256color"));
        assert_eq!(text("COLORTERM"), Some("truecolor"));
        assert_eq!(text("TERM_PROGRAM"), Some("Reprise"));
        assert_eq!(text("PWD"), Some("/p"));
        assert_eq!(text("LANG"), Some("C.UTF-8"));
        assert_eq!(text("A"), Some("b"));
        assert_eq!(env.len(), 6);
    }

    #[test]
    fn what_points_into_an_app_image_goes_and_the_rest_of_a_list_stays() {
        let kept = terminal(&[
            ("APPIMAGE", "/home/a/R.AppImage"),
            ("APPDIR", "/tmp/.mount_R"),
            ("ARGV0", "R"),
            ("OWD", "/home/a"),
            ("LD_LIBRARY_PATH", "/tmp/.mount_R/usr/lib:/tmp/.mount_R/lib"),
            ("PATH", "/tmp/.mount_R/usr/bin:/usr/bin:/bin"),
            ("XDG_DATA_DIRS", "/usr/share:/tmp/.mount_Rest"),
            ("LANG", "C"),
        ]);
        let expected = [
            ("LANG", "C"),
            ("PATH", "/usr/bin:/bin"),
            ("XDG_DATA_DIRS", "/usr/share:/tmp/.mount_Rest"),
        ];
        assert_eq!(
            kept,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}
