//! The clipboards, and links.

use jiff::Timestamp;
use tauri::{AppHandle, State};
use tauri_plugin_opener::OpenerExt;

use crate::error::{AppError, CommandResult};
use crate::pasted_images;
use crate::platform::{Selection, read_image, read_selection, write_selection};
use crate::state::{App, unblocked};

/// A link longer than this is no link.
const MAX_LINK_BYTES: usize = 8 * 1024;

#[tauri::command]
pub async fn write_clipboard(app: AppHandle, text: String) -> CommandResult<()> {
    write(app, Selection::Clipboard, text).await
}

#[tauri::command]
pub async fn read_clipboard(app: AppHandle) -> CommandResult<String> {
    read(app, Selection::Clipboard).await
}

#[tauri::command]
pub async fn write_primary(app: AppHandle, text: String) -> CommandResult<()> {
    write(app, Selection::Primary, text).await
}

#[tauri::command]
pub async fn read_primary(app: AppHandle) -> CommandResult<String> {
    read(app, Selection::Primary).await
}

async fn write(app: AppHandle, selection: Selection, text: String) -> CommandResult<()> {
    Ok(write_selection(&app, selection, text)
        .await
        .map_err(|reason| AppError::Clipboard { reason })?)
}

async fn read(app: AppHandle, selection: Selection) -> CommandResult<String> {
    let text = read_selection(&app, selection)
        .await
        .map_err(|reason| AppError::Clipboard { reason })?;
    Ok(text.unwrap_or_default())
}

/// Keeps the clipboard's image as a file of the person's own and tells its path; none where
/// there is no image.
#[tauri::command]
pub async fn paste_image(handle: AppHandle, app: State<'_, App>) -> CommandResult<Option<String>> {
    let image = read_image(&handle)
        .await
        .map_err(|reason| AppError::Clipboard { reason })?;
    let Some(image) = image else {
        return Ok(None);
    };
    let dir = app.folders.pasted_images_dir();
    let kept = unblocked(move || {
        pasted_images::keep(&dir, &image, Timestamp::now())
            .map_err(|reason| AppError::Clipboard { reason })
    });
    Ok(Some(kept.await?.to_string_lossy().into_owned()))
}

/// Opens a link in the person's browser. The text comes from a terminal: it is no command,
/// no file, and nothing but a link of a kind that asks before it acts.
#[tauri::command]
pub async fn open_link(app: AppHandle, url: String) -> CommandResult<()> {
    let link = checked_link(&url)?;
    let opening = unblocked(move || {
        app.opener()
            .open_url(link, None::<String>)
            .map_err(|error| AppError::Internal {
                reason: error.to_string(),
            })
    });
    Ok(opening.await?)
}

fn checked_link(text: &str) -> Result<String, AppError> {
    let refused = || AppError::LinkRefused {
        url: text.chars().take(200).collect(),
    };
    if text.len() > MAX_LINK_BYTES || text.chars().any(char::is_control) {
        return Err(refused());
    }
    let url = tauri::Url::parse(text).map_err(|_| refused())?;
    match url.scheme() {
        "http" | "https" if url.has_host() => Ok(url.into()),
        "mailto" => Ok(url.into()),
        _ => Err(refused()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_for_a_browser_or_a_mail_program_are_opened() {
        for link in [
            "https://example.org/a?b=c#d",
            "http://localhost:5173/",
            "mailto:ana@example.org",
        ] {
            assert_eq!(checked_link(link).unwrap(), link);
        }
        for text in [
            "",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "/usr/bin/true",
            "--help",
            "vscode://open?x",
            "https://example.org/\nrm",
        ] {
            assert!(checked_link(text).is_err(), "{text:?} was accepted");
        }
        assert!(checked_link(&format!("https://e.org/{}", "x".repeat(9000))).is_err());
    }
}
