//! The terminals that the window shows: bytes out, keys in.

use reprise_core::session::protocol::{Ack, Attach, Request, ViewerSize};
use tauri::State;
use tauri::ipc::{Channel, InvokeBody, InvokeResponseBody};

use super::terminal_of;
use crate::dto::{GridSize, TerminalPalette};
use crate::error::{AppError, CommandResult};
use crate::state::App;
use crate::views;

/// The header that names the attachment which input is for.
const ATTACHMENT: &str = "attachment";
/// What the other viewers of a terminal are told when the window limits its size.
const VIEWER: &str = "window";

#[tauri::command]
pub async fn attach_terminal(
    app: State<'_, App>,
    project_id: String,
    terminal: String,
    size: GridSize,
    visible: bool,
    palette: TerminalPalette,
    channel: Channel<InvokeResponseBody>,
) -> CommandResult<u32> {
    let (project, terminal) = terminal_of(&project_id, &terminal)?;
    let attach = Attach {
        size: viewer(size, visible),
        name: VIEWER.to_owned(),
        palette: Some(views::palette(&palette)?),
        repaints: true,
        cells: true,
    };
    let lock = app.hosts.lock(project, terminal);
    let attachment = app
        .attachments
        .attach(
            &lock,
            attach,
            Box::new(move |frames| channel.send(InvokeResponseBody::Raw(frames)).is_ok()),
        )
        .await
        .map_err(|error| AppError::host(project, terminal, error))?;
    Ok(attachment)
}

/// Runs on the window's own thread, so that keys stay in order, and only hands them on.
#[tauri::command]
pub fn terminal_input(app: State<'_, App>, request: tauri::ipc::Request<'_>) -> CommandResult<()> {
    let attachment = request
        .headers()
        .get(ATTACHMENT)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| invalid("no attachment named"))?;
    let bytes = body_bytes(request.body())?;
    Ok(app.attachments.request(attachment, Request::Input(bytes))?)
}

#[tauri::command]
pub fn resize_terminal(
    app: State<'_, App>,
    attachment: u32,
    size: GridSize,
    visible: bool,
) -> CommandResult<()> {
    Ok(app
        .attachments
        .request(attachment, Request::Resize(viewer(size, visible)))?)
}

#[tauri::command]
pub fn ack_terminal(
    app: State<'_, App>,
    attachment: u32,
    offset: u64,
    painted: u64,
) -> CommandResult<()> {
    let ack = Ack {
        offset,
        painted: Some(painted),
    };
    Ok(app.attachments.request(attachment, Request::Ack(ack))?)
}

#[tauri::command]
pub fn detach_terminal(app: State<'_, App>, attachment: u32) {
    app.attachments.detach(attachment);
}

#[tauri::command]
pub fn set_palette(
    app: State<'_, App>,
    attachment: u32,
    palette: TerminalPalette,
) -> CommandResult<()> {
    let palette = views::palette(&palette)?;
    Ok(app
        .attachments
        .request(attachment, Request::Palette(palette))?)
}

fn viewer(size: GridSize, visible: bool) -> ViewerSize {
    ViewerSize {
        cols: size.cols,
        rows: size.rows,
        visible,
    }
}

/// The bytes of a raw body. Where the web view cannot send one, Tauri sends their numbers.
fn body_bytes(body: &InvokeBody) -> Result<Vec<u8>, AppError> {
    match body {
        InvokeBody::Raw(bytes) => Ok(bytes.clone()),
        InvokeBody::Json(value) => {
            serde_json::from_value(value.clone()).map_err(|_| invalid("input is not bytes"))
        }
    }
}

fn invalid(reason: &str) -> AppError {
    AppError::InvalidRequest {
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_arrives_byte_for_byte_in_either_form() {
        let bytes = vec![0, 27, 0xc3, 0xff];
        assert_eq!(body_bytes(&InvokeBody::Raw(bytes.clone())).unwrap(), bytes);
        let numbers = InvokeBody::Json(serde_json::json!(bytes));
        assert_eq!(body_bytes(&numbers).unwrap(), bytes);
        assert!(body_bytes(&InvokeBody::Json(serde_json::json!([256]))).is_err());
    }
}
