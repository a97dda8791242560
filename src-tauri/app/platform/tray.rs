//! The tray of Linux desktops: a StatusNotifierItem over D-Bus, with its menu. Where no panel
//! shows such items the icon is simply not there, and it appears when a panel comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ksni::menu::{StandardItem, SubMenu};
use ksni::{Category, Handle, Icon, MenuItem, OfflineReason, ToolTip, Tray, TrayMethods};
use tauri::image::Image;
use tauri::include_image;

use crate::complain::complain;
use crate::tray::{Glyph, TrayAction, TrayItem, TrayModel, TrayState};

/// What is done when an item was chosen.
type Chosen = Arc<dyn Fn(TrayAction) + Send + Sync>;

/// The icon in the panel.
pub struct TrayIcon {
    handle: tokio::sync::Mutex<Option<Handle<Item>>>,
    seen: Arc<AtomicBool>,
    chosen: Chosen,
}

impl TrayIcon {
    /// An icon that is shown from the first [`TrayIcon::update`] on.
    pub fn new(chosen: impl Fn(TrayAction) + Send + Sync + 'static) -> Self {
        Self {
            handle: tokio::sync::Mutex::default(),
            seen: Arc::default(),
            chosen: Arc::new(chosen),
        }
    }

    /// Whether a panel shows the icon now.
    pub fn is_seen(&self) -> bool {
        self.seen.load(Ordering::Relaxed)
    }

    /// Shows this, where it differs from what is shown.
    pub async fn update(&self, model: TrayModel) {
        let mut handle = self.handle.lock().await;
        if let Some(handle) = &*handle {
            if !handle.is_closed() {
                handle.update(|item| item.model = model).await;
                return;
            }
            self.seen.store(false, Ordering::Relaxed);
        }
        // Until it is said otherwise, which happens before this returns.
        self.seen.store(true, Ordering::Relaxed);
        let item = Item {
            model,
            seen: self.seen.clone(),
            chosen: self.chosen.clone(),
        };
        match item.assume_sni_available(true).spawn().await {
            Ok(spawned) => *handle = Some(spawned),
            Err(error) => {
                self.seen.store(false, Ordering::Relaxed);
                complain(format_args!("there is no icon in the panel: {error}"));
            }
        }
    }
}

struct Item {
    model: TrayModel,
    seen: Arc<AtomicBool>,
    chosen: Chosen,
}

impl Tray for Item {
    // The menu is what the icon is for; the window opens from it, too.
    const MENU_ON_ACTIVATE: bool = false;

    fn id(&self) -> String {
        "reprise".to_owned()
    }

    fn title(&self) -> String {
        "Reprise".to_owned()
    }

    fn category(&self) -> Category {
        Category::ApplicationStatus
    }

    fn status(&self) -> ksni::Status {
        // `NeedsAttention` lets some panels blink: the icon itself says it.
        ksni::Status::Active
    }

    fn icon_pixmap(&self) -> Vec<Icon> {
        icons(self.model.state).iter().map(argb).collect()
    }

    fn tool_tip(&self) -> ToolTip {
        ToolTip {
            title: self.model.tooltip.clone(),
            ..ToolTip::default()
        }
    }

    fn activate(&mut self, _x: i32, _y: i32) {
        (self.chosen)(TrayAction::ShowWindow);
    }

    fn menu(&self) -> Vec<MenuItem<Self>> {
        menu(&self.model.items)
    }

    fn watcher_online(&self) {
        self.seen.store(true, Ordering::Relaxed);
    }

    fn watcher_offline(&self, _reason: OfflineReason) -> bool {
        self.seen.store(false, Ordering::Relaxed);
        true
    }
}

fn menu(items: &[TrayItem]) -> Vec<MenuItem<Item>> {
    items
        .iter()
        .map(|item| match item {
            TrayItem::Separator => MenuItem::Separator,
            TrayItem::Group { label, items } => SubMenu {
                label: literal(label),
                submenu: menu(items),
                ..SubMenu::default()
            }
            .into(),
            TrayItem::Choice {
                label,
                glyph,
                action,
            } => {
                let action = *action;
                StandardItem {
                    label: literal(label),
                    icon_data: glyph
                        .map(|glyph| glyph_png(glyph).to_vec())
                        .unwrap_or_default(),
                    activate: Box::new(move |item: &mut Item| (item.chosen)(action)),
                    ..StandardItem::default()
                }
                .into()
            }
        })
        .collect()
}

/// In a menu an underscore marks the letter that chooses it; two are one.
fn literal(label: &str) -> String {
    label.replace('_', "__")
}

fn icons(state: TrayState) -> &'static [Image<'static>; 5] {
    static IDLE: [Image<'static>; 5] = [
        include_image!("./icons/tray/idle-16.png"),
        include_image!("./icons/tray/idle-22.png"),
        include_image!("./icons/tray/idle-24.png"),
        include_image!("./icons/tray/idle-32.png"),
        include_image!("./icons/tray/idle-48.png"),
    ];
    static WORKING: [Image<'static>; 5] = [
        include_image!("./icons/tray/working-16.png"),
        include_image!("./icons/tray/working-22.png"),
        include_image!("./icons/tray/working-24.png"),
        include_image!("./icons/tray/working-32.png"),
        include_image!("./icons/tray/working-48.png"),
    ];
    static ATTENTION: [Image<'static>; 5] = [
        include_image!("./icons/tray/attention-16.png"),
        include_image!("./icons/tray/attention-22.png"),
        include_image!("./icons/tray/attention-24.png"),
        include_image!("./icons/tray/attention-32.png"),
        include_image!("./icons/tray/attention-48.png"),
    ];
    match state {
        TrayState::Idle => &IDLE,
        TrayState::Working => &WORKING,
        TrayState::Attention => &ATTENTION,
    }
}

/// The specification's pixels: alpha first, in network order.
fn argb(image: &Image<'_>) -> Icon {
    let mut data = image.rgba().to_vec();
    for pixel in data.chunks_exact_mut(4) {
        pixel.rotate_right(1);
    }
    // They are a few dozen pixels wide.
    let side = |pixels: u32| i32::try_from(pixels).unwrap_or_default();
    Icon {
        width: side(image.width()),
        height: side(image.height()),
        data,
    }
}

fn glyph_png(glyph: Glyph) -> &'static [u8] {
    match glyph {
        Glyph::Starting => include_bytes!("../../../icons/states/starting.png"),
        Glyph::Idle => include_bytes!("../../../icons/states/idle.png"),
        Glyph::Working => include_bytes!("../../../icons/states/working.png"),
        Glyph::Permission => include_bytes!("../../../icons/states/permission.png"),
        Glyph::Question => include_bytes!("../../../icons/states/question.png"),
        Glyph::Shell => include_bytes!("../../../icons/states/shell.png"),
        Glyph::Ended => include_bytes!("../../../icons/states/ended.png"),
        Glyph::Resumable => include_bytes!("../../../icons/states/resumable.png"),
        Glyph::Failed => include_bytes!("../../../icons/states/failed.png"),
        Glyph::Unknown => include_bytes!("../../../icons/states/unknown.png"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_icon_is_there_in_five_sizes_alpha_first() {
        for state in [TrayState::Idle, TrayState::Working, TrayState::Attention] {
            let sizes: Vec<i32> = icons(state).iter().map(|icon| argb(icon).width).collect();
            assert_eq!(sizes, [16, 22, 24, 32, 48]);
            // The corner is clear, the barline is not.
            let icon = argb(&icons(state)[0]);
            assert_eq!(icon.data[0], 0, "{state:?}");
            let barline = (2 * 16 + 6) * 4;
            assert_eq!(icon.data[barline], 0xff, "{state:?}");
        }
    }
}
