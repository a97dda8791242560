//! The one window: where it appears, and in which colour before its page has drawn.

use tauri::utils::config::Color;
use tauri::webview::NewWindowResponse;
use tauri::{
    AppHandle, LogicalPosition, LogicalSize, Manager, Runtime, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent,
};

use crate::dto::Theme;
use crate::platform;
use crate::preferences::WindowPlace;

/// The window's label.
pub const LABEL: &str = "main";

const TITLE: &str = "Reprise";
const LONGEST_TITLE: usize = 200;
const SIZE: (f64, f64) = (1280.0, 800.0);
const SMALLEST: (f64, f64) = (640.0, 400.0);
/// `--bg-chrome` of the design's tokens.
const LIGHT: Color = Color(0xf2, 0xf1, 0xed, 0xff);
const DARK: Color = Color(0x15, 0x1a, 0x1b, 0xff);
/// This much of the window's upper edge must be on a screen, or a person cannot take hold
/// of it.
const GRIP: (f64, f64) = (120.0, 32.0);

/// Opens the window at its place.
///
/// # Errors
/// The window system refused.
pub fn open<R: Runtime>(
    app: &AppHandle<R>,
    place: Option<WindowPlace>,
    theme: Theme,
    page_started: impl Fn() + Send + Sync + 'static,
) -> tauri::Result<WebviewWindow<R>> {
    let place = place.filter(|place| {
        app.available_monitors().is_ok_and(|monitors| {
            monitors.iter().any(|monitor| {
                let scale = monitor.scale_factor();
                let corner = monitor.position().to_logical(scale);
                let size = monitor.size().to_logical(scale);
                can_be_gripped(place, corner, size)
            })
        })
    });
    let (width, height) = place.map_or(SIZE, |place| (place.width, place.height));
    let mut builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title(TITLE)
        .inner_size(width.max(SMALLEST.0), height.max(SMALLEST.1))
        .min_inner_size(SMALLEST.0, SMALLEST.1)
        .prevent_overflow()
        .visible(false)
        .devtools(cfg!(debug_assertions))
        .background_color(colour(theme, tauri::Theme::Light))
        // The page is ours and stays; links go through `open_link`.
        .on_navigation(|url| {
            url.scheme() == "tauri"
                || url.host_str() == Some("tauri.localhost")
                || (cfg!(debug_assertions) && url.host_str() == Some("localhost"))
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_page_load(move |_, load| {
            if load.event() == tauri::webview::PageLoadEvent::Started {
                page_started();
            }
        })
        // The page says which project is in front and how it stands.
        .on_document_title_changed(|window, title| {
            // Refused only by a window that is going away.
            let _ = window.set_title(&shown_title(&title));
        });
    builder = match place {
        Some(place) => builder
            .position(place.x, place.y)
            .maximized(place.maximized),
        None => builder.center(),
    };
    let window = builder.build()?;
    platform::show_what_is_composed(&window)?;
    platform::page_takes_keys_first(&window)?;
    if theme != Theme::System {
        // The menu bar is the system's, and has to be readable beside the page.
        window.set_theme(of_the_system(theme))?;
    }
    // Only a window knows whether the system is dark.
    let system = window.theme().unwrap_or(tauri::Theme::Light);
    window.set_background_color(Some(colour(theme, system)))?;
    window.show()?;
    window.set_focus()?;
    Ok(window)
}

/// Gives the window the colour of a theme that was just chosen.
///
/// # Errors
/// The window is gone.
pub fn recolour<R: Runtime>(window: &WebviewWindow<R>, theme: Theme) -> tauri::Result<()> {
    window.set_theme(of_the_system(theme))?;
    let system = window.theme().unwrap_or(tauri::Theme::Light);
    window.set_background_color(Some(colour(theme, system)))
}

/// Brings the window to the front.
pub fn show<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL) {
        // Each may be refused by a window manager; then the person clicks.
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}

/// Fills the screen, or gives it back.
pub fn toggle_full_screen<R: Runtime>(app: &AppHandle<R>) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Ok(full) = window.is_fullscreen()
    {
        // A window manager may refuse.
        let _ = window.set_fullscreen(!full);
    }
}

/// Where the window is now; none while it is minimised or filling the screen, which
/// `before` then answers.
pub fn place<R: Runtime>(
    window: &WebviewWindow<R>,
    before: Option<WindowPlace>,
) -> tauri::Result<Option<WindowPlace>> {
    if window.is_minimized()? || window.is_fullscreen()? {
        return Ok(before);
    }
    let maximized = window.is_maximized()?;
    if let (true, Some(before)) = (maximized, before) {
        return Ok(Some(WindowPlace {
            maximized,
            ..before
        }));
    }
    let scale = window.scale_factor()?;
    let corner: LogicalPosition<f64> = window.outer_position()?.to_logical(scale);
    let size: LogicalSize<f64> = window.inner_size()?.to_logical(scale);
    Ok(Some(WindowPlace {
        x: corner.x,
        y: corner.y,
        width: size.width,
        height: size.height,
        maximized,
    }))
}

/// Whether an event means that the place is to be remembered anew.
pub fn moves(event: &WindowEvent) -> bool {
    matches!(event, WindowEvent::Moved(_) | WindowEvent::Resized(_))
}

/// What the system's own parts of the window are told; none: as all windows.
fn of_the_system(theme: Theme) -> Option<tauri::Theme> {
    match theme {
        Theme::System => None,
        Theme::Light => Some(tauri::Theme::Light),
        Theme::Dark => Some(tauri::Theme::Dark),
    }
}

fn colour(theme: Theme, system: tauri::Theme) -> Color {
    match (theme, system) {
        (Theme::Dark, _) | (Theme::System, tauri::Theme::Dark) => DARK,
        _ => LIGHT,
    }
}

/// The title a window shows: one line and of a bearable length, since it holds a project's
/// name; before the page has one, the program's.
fn shown_title(title: &str) -> String {
    let shown: String = title
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_TITLE)
        .collect();
    if shown.trim().is_empty() {
        TITLE.to_owned()
    } else {
        shown
    }
}

fn can_be_gripped(
    place: &WindowPlace,
    corner: LogicalPosition<f64>,
    size: LogicalSize<f64>,
) -> bool {
    let overlap = |start: f64, length: f64, from: f64, extent: f64| {
        (start + length).min(from + extent) - start.max(from)
    };
    overlap(place.x, place.width, corner.x, size.width) >= GRIP.0
        && overlap(place.y, GRIP.1, corner.y, size.height) >= GRIP.1 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_a_screen_that_is_gone_is_not_used() {
        let screen = (
            LogicalPosition::new(0.0, 0.0),
            LogicalSize::new(1920.0, 1080.0),
        );
        for (x, y, usable) in [
            (100.0, 100.0, true),
            (-1100.0, 0.0, true),
            (-1270.0, 0.0, false),
            (2500.0, 100.0, false),
            (100.0, 1075.0, false),
            (100.0, -200.0, false),
        ] {
            let place = WindowPlace {
                x,
                y,
                width: 1280.0,
                height: 800.0,
                maximized: false,
            };
            assert_eq!(
                can_be_gripped(&place, screen.0, screen.1),
                usable,
                "{x}, {y}"
            );
        }
    }

    #[test]
    fn a_title_is_one_line_and_never_empty() {
        assert_eq!(shown_title("shop \u{2013} Idle"), "shop \u{2013} Idle");
        assert_eq!(shown_title("a\nb\u{1b}]c"), "ab]c");
        assert_eq!(shown_title(" "), "Reprise");
        assert_eq!(shown_title(&"x".repeat(5000)).len(), LONGEST_TITLE);
    }

    #[test]
    fn a_chosen_theme_wins_over_the_system() {
        assert_eq!(colour(Theme::Light, tauri::Theme::Dark), LIGHT);
        assert_eq!(colour(Theme::Dark, tauri::Theme::Light), DARK);
        assert_eq!(colour(Theme::System, tauri::Theme::Dark), DARK);
    }
}
