//! What the person chose, in `preferences.json`.
//!
//! `tauri-plugin-store` writes the file. It would also read it, but it takes a damaged file
//! for an empty one; so the file is read here first, and a damaged one is set aside.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reprise_core::model::{ProjectId, TerminalKey, one_line};
use reprise_core::project_sessions::PREFERENCES_FILE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tauri::{AppHandle, Runtime};
use tauri_plugin_store::StoreBuilder;

use crate::dto::{Notice, Preferences, PreferencesPatch};
use crate::error::AppError;

/// The smallest and the largest font that the window offers, in CSS pixels.
const FONT_SIZES: (f64, f64) = (6.0, 48.0);
/// The narrowest and the widest sidebar, in CSS pixels.
const SIDEBAR_WIDTHS: (f64, f64) = (208.0, 360.0);
/// The narrowest and the widest milestones panel, in CSS pixels.
const MILESTONES_WIDTHS: (f64, f64) = (272.0, 420.0);
/// The lowest and the highest line, in sizes of the text.
const LINE_HEIGHTS: (f64, f64) = (1.0, 2.0);
/// Ratios of contrast: of a colour with itself, and of black with white.
const CONTRASTS: (f64, f64) = (1.0, 21.0);
/// The least and the most scrollback, in lines.
const SCROLLBACK_LINES: (u32, u32) = (100, 50_000);
/// The longest name of a font, in characters.
const MAX_FONT_NAME: usize = 100;

/// Where the window was, in logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowPlace {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// The width of what is inside the frame.
    pub width: f64,
    /// The height of what is inside the frame.
    pub height: f64,
    /// Whether it filled the screen.
    pub maximized: bool,
}

/// Everything in the file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Contents {
    #[serde(flatten)]
    preferences: Preferences,
    #[serde(default)]
    window: Option<WindowPlace>,
    /// The shell that is in front, of the projects where it is not claude.
    #[serde(default)]
    fronts: Fronts,
}

/// The shells in front, by project.
pub type Fronts = BTreeMap<ProjectId, TerminalKey>;

/// Writes all keys of a map into the file; the others in it stay.
type Write = Box<dyn Fn(Map<String, Value>) -> Result<(), String> + Send + Sync>;

/// The preferences in use, and the file they are kept in.
pub struct PreferencesFile {
    path: PathBuf,
    current: Mutex<Contents>,
    /// Held while the file is written, so that the last change is written last; `current` is
    /// not, so that nobody who reads waits for the disk.
    writing: Mutex<()>,
    /// None where the file could not be read: it may be whole, and is not overwritten.
    write: Option<Write>,
    notice: Option<Notice>,
}

/// What was found at the file's place.
#[derive(Debug, PartialEq)]
enum Found {
    Nothing,
    Read(Box<Contents>),
    SetAside(PathBuf),
    Unusable(String),
}

impl PreferencesFile {
    /// Opens `preferences.json` in a folder. Never fails: what is wrong is told by
    /// [`PreferencesFile::notice`], and the defaults stand in.
    pub fn open<R: Runtime>(app: &AppHandle<R>, dir: &Path, now: Timestamp) -> Self {
        let path = dir.join(PREFERENCES_FILE);
        let found = read(&path, now);
        let write = match found {
            Found::Unusable(_) => None,
            _ => StoreBuilder::new(app, &path)
                .disable_auto_save()
                .build()
                .map(|store| -> Write {
                    Box::new(move |values| {
                        for (key, value) in values {
                            store.set(key, value);
                        }
                        store.save().map_err(|error| error.to_string())
                    })
                })
                .ok(),
        };
        Self::from_parts(path, found, write)
    }

    /// Preferences that last as long as the test.
    #[cfg(test)]
    pub fn in_memory() -> Self {
        let path = PathBuf::from("preferences.json");
        Self::from_parts(path, Found::Nothing, Some(Box::new(|_| Ok(()))))
    }

    fn from_parts(path: PathBuf, found: Found, write: Option<Write>) -> Self {
        let file = path.display().to_string();
        let (contents, notice) = match found {
            Found::Nothing => (Contents::default(), None),
            Found::Read(contents) => (*contents, None),
            Found::SetAside(kept_as) => (
                Contents::default(),
                Some(Notice::PreferencesSetAside {
                    file,
                    kept_as: kept_as.display().to_string(),
                }),
            ),
            Found::Unusable(reason) => (
                Contents::default(),
                Some(Notice::PreferencesUnavailable { file, reason }),
            ),
        };
        Self {
            path,
            current: Mutex::new(contents),
            writing: Mutex::new(()),
            write,
            notice,
        }
    }

    /// What was wrong with the file when it was opened.
    pub fn notice(&self) -> Option<Notice> {
        self.notice.clone()
    }

    /// The preferences in use.
    pub fn get(&self) -> Preferences {
        self.lock().preferences.clone()
    }

    /// Where the window was.
    pub fn window(&self) -> Option<WindowPlace> {
        self.lock().window
    }

    /// Changes what the patch names and writes the file. Blocks on the disk.
    ///
    /// # Errors
    /// The change is in use nevertheless, until the app ends.
    pub fn change(&self, patch: PreferencesPatch) -> Result<Preferences, AppError> {
        let changed = self.update(|contents| apply(patch, &mut contents.preferences))?;
        Ok(changed.preferences)
    }

    /// Remembers which store is used: a connection string without its password, none for this
    /// computer's. Blocks on the disk.
    ///
    /// # Errors
    /// As [`PreferencesFile::change`].
    pub fn use_store(&self, connection: Option<String>) -> Result<(), AppError> {
        self.update(|contents| contents.preferences.store = connection)?;
        Ok(())
    }

    /// Remembers where the window is. Blocks on the disk.
    ///
    /// # Errors
    /// As [`PreferencesFile::change`].
    pub fn remember_window(&self, place: WindowPlace) -> Result<(), AppError> {
        self.update(|contents| contents.window = Some(place))?;
        Ok(())
    }

    /// The shells that were in front of their projects last.
    pub fn fronts(&self) -> Fronts {
        self.lock().fronts.clone()
    }

    /// Remembers which terminal of a project is in front. Blocks on the disk where that is new.
    ///
    /// # Errors
    /// As [`PreferencesFile::change`].
    pub fn remember_front(&self, project: ProjectId, front: TerminalKey) -> Result<(), AppError> {
        self.update(|contents| match front {
            TerminalKey::Claude => {
                contents.fronts.remove(&project);
            }
            shell => {
                contents.fronts.insert(project, shell);
            }
        })?;
        Ok(())
    }

    fn update(&self, change: impl FnOnce(&mut Contents)) -> Result<Contents, AppError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let (before, after) = {
            let mut current = self.lock();
            let before = current.clone();
            change(&mut current);
            (before, current.clone())
        };
        if before != after {
            self.save(&after)?;
        }
        Ok(after)
    }

    fn save(&self, contents: &Contents) -> Result<(), AppError> {
        let not_saved = |reason: String| AppError::PreferencesNotSaved {
            file: self.path.clone(),
            reason,
        };
        let write = self
            .write
            .as_ref()
            .ok_or_else(|| not_saved("it could not be read and is left as it is".into()))?;
        match serde_json::to_value(contents) {
            Ok(Value::Object(values)) => write(values).map_err(not_saved),
            Ok(_) => Err(not_saved("not an object".into())),
            Err(error) => Err(not_saved(error.to_string())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path, now: Timestamp) -> Found {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Found::Nothing,
        Err(error) => return Found::Unusable(error.to_string()),
    };
    match serde_json::from_slice::<Contents>(&bytes) {
        Ok(mut contents) => {
            bring_within_bounds(&mut contents.preferences);
            Found::Read(Box::new(contents))
        }
        Err(damage) => {
            let kept_as = PathBuf::from(format!(
                "{}.corrupt-{}",
                path.display(),
                now.strftime("%Y%m%dT%H%M%S%.3fZ")
            ));
            match std::fs::rename(path, &kept_as) {
                Ok(()) => Found::SetAside(kept_as),
                Err(error) => Found::Unusable(format!(
                    "it is damaged ({damage}) and could not be set aside: {error}"
                )),
            }
        }
    }
}

fn apply(patch: PreferencesPatch, to: &mut Preferences) {
    fn put<T>(value: Option<T>, field: &mut T) {
        if let Some(value) = value {
            *field = value;
        }
    }
    put(patch.theme, &mut to.theme);
    put(patch.font_size, &mut to.font_size);
    put(patch.locale, &mut to.locale);
    put(patch.sidebar_width, &mut to.sidebar_width);
    put(patch.sidebar_collapsed, &mut to.sidebar_collapsed);
    put(patch.on_close, &mut to.on_close);
    put(patch.last_project, &mut to.last_project);
    put(patch.claude_path, &mut to.claude_path);
    put(patch.milestones_width, &mut to.milestones_width);
    put(patch.milestones_open, &mut to.milestones_open);
    put(patch.close_to_tray, &mut to.close_to_tray);
    put(patch.tray_explained, &mut to.tray_explained);
    put(patch.notifications, &mut to.notifications);
    put(patch.muted, &mut to.muted);
    put(patch.terminal, &mut to.terminal);
    put(patch.editor, &mut to.editor);
    put(patch.clipboard_write, &mut to.clipboard_write);
    put(patch.paste_warning, &mut to.paste_warning);
    bring_within_bounds(to);
}

fn bring_within_bounds(preferences: &mut Preferences) {
    preferences.font_size = preferences.font_size.clamp(FONT_SIZES.0, FONT_SIZES.1);
    preferences.sidebar_width = preferences
        .sidebar_width
        .clamp(SIDEBAR_WIDTHS.0, SIDEBAR_WIDTHS.1);
    preferences.milestones_width = preferences
        .milestones_width
        .clamp(MILESTONES_WIDTHS.0, MILESTONES_WIDTHS.1);
    let terminal = &mut preferences.terminal;
    terminal.line_height = terminal.line_height.clamp(LINE_HEIGHTS.0, LINE_HEIGHTS.1);
    terminal.minimum_contrast = terminal.minimum_contrast.clamp(CONTRASTS.0, CONTRASTS.1);
    terminal.scrollback_lines = terminal
        .scrollback_lines
        .clamp(SCROLLBACK_LINES.0, SCROLLBACK_LINES.1);
    terminal.font_family = terminal.font_family.take().and_then(|name| {
        let name = one_line(name.trim(), MAX_FONT_NAME);
        (!name.is_empty()).then_some(name)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::{OnClose, TerminalPreferences, Theme};

    fn now() -> Timestamp {
        "2026-11-21T00:10:11.5Z".parse().unwrap()
    }

    /// Writes as the plugin does: over the file, keeping the keys it does not know.
    fn open(path: &Path) -> PreferencesFile {
        let found = read(path, now());
        let file = path.to_owned();
        let write: Write = Box::new(move |values| {
            let mut all: Map<String, Value> = std::fs::read(&file)
                .ok()
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default();
            all.extend(values);
            std::fs::write(&file, serde_json::to_vec(&all).unwrap()).map_err(|e| e.to_string())
        });
        let write = (!matches!(found, Found::Unusable(_))).then_some(write);
        PreferencesFile::from_parts(path.to_owned(), found, write)
    }

    #[test]
    fn what_was_chosen_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("preferences.json");
        let place = WindowPlace {
            x: 10.0,
            y: 20.0,
            width: 900.0,
            height: 600.0,
            maximized: false,
        };
        let file = open(&path);
        assert_eq!(file.get(), Preferences::default());
        file.change(PreferencesPatch {
            theme: Some(Theme::Dark),
            on_close: Some(OnClose::Keep),
            last_project: Some(Some("p".into())),
            ..PreferencesPatch::default()
        })
        .unwrap();
        file.remember_window(place).unwrap();

        let again = open(&path);
        assert_eq!(again.notice(), None);
        assert_eq!(again.get().theme, Theme::Dark);
        assert_eq!(again.get().on_close, OnClose::Keep);
        assert_eq!(again.get().last_project.as_deref(), Some("p"));
        assert_eq!(again.window(), Some(place));
    }

    #[test]
    fn the_shell_in_front_of_a_project_is_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("preferences.json");
        let [one, other] = [(); 2].map(|()| ProjectId::generate());
        let file = open(&path);
        file.remember_front(one, TerminalKey::Shell(2)).unwrap();
        file.remember_front(other, TerminalKey::Shell(1)).unwrap();
        file.remember_front(other, TerminalKey::Claude).unwrap();

        let fronts = open(&path).fronts();
        assert_eq!(fronts, BTreeMap::from([(one, TerminalKey::Shell(2))]));
    }

    #[test]
    fn a_damaged_file_is_set_aside_whole_and_said_so() {
        for damaged in [
            "{\"theme\":\"da",
            "[]",
            "",
            "{\"theme\":\"plaid\"}",
            "{\"terminal\":{\"cursorStyle\":\"comet\"}}",
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("preferences.json");
            std::fs::write(&path, damaged).unwrap();
            let file = open(&path);
            let Some(Notice::PreferencesSetAside { kept_as, .. }) = file.notice() else {
                panic!("{damaged:?} gave {:?}", file.notice());
            };
            assert!(
                kept_as.ends_with("preferences.json.corrupt-20261121T001011.500Z"),
                "{kept_as}"
            );
            assert_eq!(std::fs::read_to_string(kept_as).unwrap(), damaged);
            let patch = PreferencesPatch {
                font_size: Some(15.0),
                ..PreferencesPatch::default()
            };
            file.change(patch).unwrap();
            assert_eq!(open(&path).notice(), None);
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("preferences.json");
        std::fs::create_dir(&path).unwrap();
        let file = open(&path);
        assert!(matches!(
            file.notice(),
            Some(Notice::PreferencesUnavailable { .. })
        ));
        let patch = PreferencesPatch {
            theme: Some(Theme::Light),
            ..PreferencesPatch::default()
        };
        let error = file.change(patch).unwrap_err();
        assert!(error.to_string().contains("preferences.json"), "{error}");
        assert_eq!(file.get().theme, Theme::Light);
        assert!(path.is_dir());
    }

    #[test]
    fn sizes_beyond_reason_are_brought_within_bounds() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("preferences.json");
        let terminal = r#"{"scrollbackLines":4000000000,"minimumContrast":-2,"fontFamily":" \n"}"#;
        let text =
            format!(r#"{{"fontSize":9000,"sidebarWidth":-1,"newer":1,"terminal":{terminal}}}"#);
        std::fs::write(&path, text).unwrap();
        let file = open(&path);
        assert_eq!(file.notice(), None);
        assert_eq!(file.get().font_size, FONT_SIZES.1);
        assert_eq!(file.get().sidebar_width, SIDEBAR_WIDTHS.0);
        let wanted = TerminalPreferences {
            minimum_contrast: CONTRASTS.0,
            scrollback_lines: SCROLLBACK_LINES.1,
            ..TerminalPreferences::default()
        };
        assert_eq!(file.get().terminal, wanted);
    }
}
