//! Linux: GTK's clipboards, WebKitGTK's web process, and its two ways of drawing.

use std::collections::HashSet;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use gtk::pango::prelude::FontFamilyExt;
use gtk::prelude::{AppInfoExt, GtkWindowExt, ObjectExt, WidgetExt};
use gtk::{gdk, gio, glib};
use tauri::{AppHandle, Runtime, WebviewWindow};
use webkit2gtk::{InputMethodContextExt, WebProcessTerminationReason, WebViewExt};

/// Makes WebKitGTK draw without DMA buffers. With some graphics drivers nothing appears
/// otherwise (tauri-apps/tauri#9394 and many like it).
const WITHOUT_DMABUF: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";
/// Names the device that draws; WebKitGTK asks EGL for it otherwise (`DRMMainDevice.cpp`).
const RENDER_DEVICE: &str = "WEBKIT_WEB_RENDER_DEVICE_FILE";
const NO_DEVICE: &str = "/dev/null";
/// Whether GTK looks for visuals that GL can draw on, where no program of this display did before.
const GTK_GL: &str = "GDK_GL";

/// What was added to the environment for the web view: it is not the person's.
static FOR_WEB_VIEW: OnceLock<Vec<&str>> = OnceLock::new();

/// How long a caret is seen and then not, in ms: half an hour each.
const BLINK_MS: i32 = 60 * 60 * 1000;

/// How long another program may take to hand over what was copied in it.
const PASTE_TIMEOUT: Duration = Duration::from_secs(3);

/// Where no GPU could draw, has WebKitGTK do it without GL: that is faster there. And where nothing
/// is drawn with it, GL is not loaded into this process just to ask what it could do: with Mesa's
/// compiler that takes 25 MB. Must be called before there is a second thread.
pub fn spare_gl() {
    let is_set = |name| set(name).is_some_and(|value| value != "0");
    let mut added = Vec::new();
    let mut add = |name, value| {
        if std::env::var_os(name).is_none() && glib::setenv(name, value, false).is_ok() {
            added.push(name);
        }
    };
    if !has_gpu(Path::new("/dev")) {
        add(WITHOUT_DMABUF, "1");
    }
    if is_set(WITHOUT_DMABUF) {
        add(RENDER_DEVICE, NO_DEVICE);
        add(GTK_GL, "disable");
    }
    // Set once: there is one window.
    let _ = FOR_WEB_VIEW.set(added);
}

/// Whether any driver offers a GPU: DRM, that of NVIDIA alone, or Windows below WSL.
fn has_gpu(devices: &Path) -> bool {
    let renders = std::fs::read_dir(devices.join("dri")).is_ok_and(|nodes| {
        nodes
            .flatten()
            .any(|node| node.file_name().to_string_lossy().starts_with("renderD"))
    });
    renders || devices.join("nvidiactl").exists() || devices.join("dxg").exists()
}

/// The environment that this program was started with, as far as it is the person's.
pub fn environment() -> Vec<(OsString, OsString)> {
    let added = FOR_WEB_VIEW.get().map_or(&[][..], Vec::as_slice);
    std::env::vars_os()
        .filter(|(name, _)| !added.iter().any(|added| name == added))
        .collect()
}

/// Checks that there is a display to open a window on.
///
/// # Errors
/// A sentence for the person.
pub fn check_display() -> Result<(), String> {
    gtk::init().map_err(|_| match (set("DISPLAY"), set("WAYLAND_DISPLAY")) {
        (None, None) => "there is no display: neither DISPLAY nor WAYLAND_DISPLAY is set. \
             Start Reprise from a graphical session; `reprise-session attach` works without one."
            .to_owned(),
        (x11, wayland) => format!(
            "the display {} cannot be opened. Check that it runs and that you may use it; \
             `reprise-session attach` works without one.",
            wayland.or(x11).unwrap_or_default()
        ),
    })
}

/// Takes F10 from the menu bar: the key belongs to the session. Nothing in the bar has a
/// letter of its own either, so Alt with a letter stays the session's as well.
pub fn leave_keys_to_the_session() {
    if let Some(settings) = gtk::Settings::default() {
        settings.set_property("gtk-menu-bar-accel", "");
    }
}

/// Keeps the web view's own caret from blinking. The terminal's text field has the focus nearly
/// always and nobody sees its caret, but WebKitGTK draws the page anew for every blink: half of
/// what an idle window takes. (Without blinking, by `gtk-cursor-blink`, it draws 60 times a second.)
pub fn keep_carets_steady() {
    if let Some(settings) = gtk::Settings::default() {
        settings.set_property("gtk-cursor-blink", true);
        settings.set_property("gtk-cursor-blink-time", BLINK_MS);
    }
}

/// Opens a file with the person's program for text, whatever kind of file it is: another kind's
/// program could run it.
///
/// # Errors
/// In words, when there is no such program or it does not start.
pub fn open_text(file: &Path) -> Result<(), String> {
    let editor = gio::AppInfo::default_for_type("text/plain", false)
        .ok_or_else(|| "no program is set for text files".to_owned())?;
    let files = [gio::File::for_path(file)];
    editor
        .launch(&files, gio::AppLaunchContext::NONE)
        .map_err(|error| error.to_string())
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

/// Whether a start with the other way of drawing is worth a try: it was not tried, and the
/// person has not chosen one.
pub fn can_redraw_differently() -> bool {
    std::env::var_os(WITHOUT_DMABUF).is_none()
}

/// Starts the program again in this very process, drawing the other way. Returns only when
/// that failed.
pub fn restart_drawing_differently(arguments: &[OsString]) -> std::io::Error {
    match std::env::current_exe() {
        Ok(program) => Command::new(program)
            .args(arguments)
            .env(WITHOUT_DMABUF, "1")
            .exec(),
        Err(error) => error,
    }
}

/// The families of fonts whose characters are all of one width, by name. They are those that
/// WebKitGTK finds, since it asks the same fontconfig.
///
/// # Errors
/// The app is ending.
pub async fn monospace_fonts<R: Runtime>(app: &AppHandle<R>) -> Result<Vec<String>, String> {
    on_main_thread(app, |done| {
        let mut names: Vec<String> = families()
            .iter()
            .filter(|family| family.is_monospace())
            .map(|family| family.name().to_string())
            .collect();
        names.sort_by_key(|name| name.to_lowercase());
        names.dedup();
        done(names);
    })
    .await
}

/// Those of these families of fonts that are on this computer.
///
/// # Errors
/// The app is ending.
pub async fn installed_fonts<R: Runtime>(
    app: &AppHandle<R>,
    mut names: Vec<String>,
) -> Result<Vec<String>, String> {
    on_main_thread(app, |done| {
        // As fontconfig compares them.
        let installed: HashSet<String> = families()
            .iter()
            .map(|family| family.name().to_lowercase())
            .collect();
        names.retain(|name| installed.contains(&name.to_lowercase()));
        done(names);
    })
    .await
}

fn families() -> Vec<gtk::pango::FontFamily> {
    gdk::pango_context_get()
        .map(|context| context.list_families())
        .unwrap_or_default()
}

/// Sounds the bell of the system, as the person has set it there.
pub fn sound_bell<R: Runtime>(app: &AppHandle<R>) {
    // The app may be ending; then nobody needs to hear it.
    let _ = app.run_on_main_thread(|| {
        if let Some(display) = gdk::Display::default() {
            display.beep();
        }
    });
}

/// Which of the two clipboards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// What was copied by command.
    Clipboard,
    /// What was selected with the mouse; the middle button pastes it.
    Primary,
}

fn clipboard(selection: Selection) -> gtk::Clipboard {
    gtk::Clipboard::get(match selection {
        Selection::Clipboard => &gdk::SELECTION_CLIPBOARD,
        Selection::Primary => &gdk::SELECTION_PRIMARY,
    })
}

/// Puts a text into a clipboard.
///
/// # Errors
/// The app is ending.
pub async fn write_selection<R: Runtime>(
    app: &AppHandle<R>,
    selection: Selection,
    text: String,
) -> Result<(), String> {
    on_main_thread(app, move |done| {
        clipboard(selection).set_text(&text);
        done(());
    })
    .await
}

/// The text in a clipboard; none where there is none, or where it is not a text.
///
/// # Errors
/// The program that has it does not answer, or the app is ending.
pub async fn read_selection<R: Runtime>(
    app: &AppHandle<R>,
    selection: Selection,
) -> Result<Option<String>, String> {
    on_main_thread(app, move |done| {
        // Not `wait_for_text`, which stops everything else until the other program answers.
        clipboard(selection).request_text(move |_, text| done(text.map(str::to_owned)));
    })
    .await
}

/// The image in the clipboard as a PNG file; none where there is no image.
///
/// # Errors
/// The program that has it does not answer, or the app is ending.
pub async fn read_image<R: Runtime>(app: &AppHandle<R>) -> Result<Option<Vec<u8>>, String> {
    on_main_thread(app, move |done| {
        let png = gdk::Atom::intern("image/png");
        clipboard(Selection::Clipboard).request_contents(&png, move |clipboard, found| {
            let bytes = found.data();
            if bytes.starts_with(b"\x89PNG") {
                return done(Some(bytes));
            }
            // Something else that GTK can read as a picture.
            clipboard.request_image(move |_, image| {
                done(image.and_then(|image| image.save_to_bufferv("png", &[]).ok()));
            });
        });
    })
    .await
}

/// Runs `work` on GTK's thread and waits, bounded, for what it hands to its argument.
async fn on_main_thread<R: Runtime, T: Send + 'static>(
    app: &AppHandle<R>,
    work: impl FnOnce(Box<dyn FnOnce(T)>) + Send + 'static,
) -> Result<T, String> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    app.run_on_main_thread(move || {
        work(Box::new(move |value| {
            // The asker may have given up.
            let _ = sender.send(value);
        }));
    })
    .map_err(|error| error.to_string())?;
    match tokio::time::timeout(PASTE_TIMEOUT, receiver).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err("Reprise is ending".to_owned()),
        Err(_) => Err("the program that has the text does not answer".to_owned()),
    }
}

/// Lets input methods write into the page what is not decided yet. wry switches that off, and
/// then nobody sees what they compose before it is done.
///
/// # Errors
/// The window is gone.
pub fn show_what_is_composed<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window.with_webview(|webview| {
        if let Some(input_method) = webview.inner().input_method_context() {
            input_method.set_enable_preedit(true);
        }
    })
}

/// Gives the page every key before the menu bar looks for its own. The page knows the same keys
/// and takes one after the other; the menu bar would be ahead of what a busy page has not taken
/// yet, and a paste would stand before the words that were typed first. What the page leaves,
/// WebKitGTK hands to the window once more, and leaves at once: then it is the menu bar's. (GTK's
/// own handler must not run after that: it would give the page the key anew, without end.)
///
/// # Errors
/// The window is gone.
pub fn page_takes_keys_first<R: Runtime>(window: &WebviewWindow<R>) -> tauri::Result<()> {
    window
        .gtk_window()?
        .connect_key_press_event(|window, event| {
            if !window.propagate_key_event(event) {
                window.activate_key(event);
            }
            glib::Propagation::Stop
        });
    Ok(())
}

/// The web process that draws the window's content.
pub struct WebProcess {
    responds: Arc<AtomicBool>,
}

impl WebProcess {
    /// Watches the web process of a window; `ended` is told, in words, each time one ends
    /// that was not asked to.
    ///
    /// # Errors
    /// The window is gone.
    pub fn watch<R: Runtime>(
        window: &WebviewWindow<R>,
        ended: impl Fn(&'static str) + Send + 'static,
    ) -> tauri::Result<Self> {
        let responds = Arc::new(AtomicBool::new(true));
        let known = responds.clone();
        window.with_webview(move |webview| {
            let webview = webview.inner();
            webview.connect_is_web_process_responsive_notify(move |webview| {
                known.store(webview.is_web_process_responsive(), Ordering::Relaxed);
            });
            webview.connect_web_process_terminated(move |_, reason| match reason {
                WebProcessTerminationReason::Crashed => ended("it crashed"),
                WebProcessTerminationReason::ExceededMemoryLimit => {
                    ended("it used too much memory")
                }
                // Ended by us.
                WebProcessTerminationReason::TerminatedByApi => {}
                _ => ended("it ended for an unknown reason"),
            });
        })?;
        Ok(Self { responds })
    }

    /// Whether it reacts. One that does not can show no question.
    pub fn responds(&self) -> bool {
        self.responds.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_is_a_node_that_renders() {
        let devices = tempfile::tempdir().unwrap();
        let has = || has_gpu(devices.path());
        assert!(!has());
        std::fs::create_dir(devices.path().join("dri")).unwrap();
        std::fs::write(devices.path().join("dri/card0"), "").unwrap();
        assert!(!has(), "a card that only shows pictures");
        std::fs::write(devices.path().join("dri/renderD128"), "").unwrap();
        assert!(has());
        std::fs::remove_dir_all(devices.path().join("dri")).unwrap();
        std::fs::write(devices.path().join("nvidiactl"), "").unwrap();
        assert!(has());
    }
}
