//! What stands around windows on a desktop: a panel with a place for icons (xfce4-panel) and a
//! daemon that shows notifications (dunst). Both real, asked over D-Bus.

use std::fs;

use super::bus;
use super::processes::Process;
use super::wait::{QUICK, SLOW, wait_for};
use super::world::World;

const PANEL: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="dark-mode" type="bool" value="true"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=680;y=846"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="icon-size" type="uint" value="16"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
      <property name="style" type="uint" value="0"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
"#;

/// Shown until somebody acts: a test decides when.
const DUNST: &str = "[global]\n    markup = full\n[urgency_normal]\n    timeout = 0\n";

/// The item's menu, where ksni puts it.
const MENU: &str = "/MenuBar";

/// A panel at the lower edge of the screen, with Reprise's icon at its right end.
pub struct Panel<'world> {
    world: &'world World,
    _process: Process,
}

/// One line of the icon's menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuLine {
    pub id: i32,
    pub label: String,
}

impl<'world> Panel<'world> {
    /// Starts it and waits until it takes icons.
    pub fn start(world: &'world World) -> Self {
        let folder = world.home.join(".config/xfce4/xfconf/xfce-perchannel-xml");
        fs::create_dir_all(&folder).expect("the panel's folder");
        fs::write(folder.join("xfce4-panel.xml"), PANEL).expect("the panel's settings");
        let process = bus::start(world, "xfce4-panel", &["--disable-wm-check"]);
        let panel = Self {
            world,
            _process: process,
        };
        wait_for("the panel to take icons", SLOW, || panel.items());
        panel
    }

    fn items(&self) -> Result<String, String> {
        bus::call(
            self.world,
            "org.kde.StatusNotifierWatcher",
            "/StatusNotifierWatcher",
            &[
                "org.freedesktop.DBus.Properties.Get",
                "org.kde.StatusNotifierWatcher",
                "RegisteredStatusNotifierItems",
            ],
        )
    }

    /// Reprise's own name on the bus, once its icon is there.
    fn item(&self) -> Result<String, String> {
        let items = self.items()?;
        items
            .split('\'')
            .find(|part| part.starts_with("org.kde.StatusNotifierItem-"))
            .and_then(|part| part.split('/').next())
            .map(str::to_owned)
            .ok_or(items)
    }

    /// The lines of the icon's menu, as the panel is told them.
    pub fn menu(&self) -> Result<Vec<MenuLine>, String> {
        let layout = bus::call(
            self.world,
            &self.item()?,
            MENU,
            &[
                "com.canonical.dbusmenu.GetLayout",
                "0",
                "--",
                "-1",
                "@as []",
            ],
        )?;
        Ok(lines(&layout))
    }

    /// Waits for a line with these words.
    #[track_caller]
    pub fn line(&self, label: &str) -> MenuLine {
        wait_for(&format!("{label:?} in the tray's menu"), SLOW, || {
            let menu = self.menu()?;
            menu.iter()
                .find(|line| line.label == label)
                .cloned()
                .ok_or_else(|| format!("{menu:?}"))
        })
    }

    /// Chooses a line as a panel does.
    pub fn choose(&self, line: &MenuLine) {
        bus::call(
            self.world,
            &self.item().expect("the icon is there"),
            MENU,
            &[
                "com.canonical.dbusmenu.Event",
                &line.id.to_string(),
                "clicked",
                "<0>",
                "0",
            ],
        )
        .expect("the menu takes a choice");
    }

    /// Opens the menu with the mouse, waits until it is on the screen, and takes a picture.
    pub fn picture_of_menu(&self, file: &std::path::Path) {
        let display = &self.world.display;
        let popups = || {
            display
                .xdotool(&["search", "--onlyvisible", "--class", "rapper-2.0"])
                .map_or(0, |found| found.lines().count())
        };
        let before = popups();
        display
            .xdotool(&["mousemove", "1346", "846", "click", "3"])
            .expect("a click");
        wait_for("the icon's menu on the screen", QUICK, || {
            if popups() > before {
                Ok(())
            } else {
                Err(format!("{before} windows of the panel's icons"))
            }
        });
        display.picture(file);
        display.xdotool(&["key", "Escape"]).expect("a key");
    }
}

/// Ids and labels out of a layout as gdbus prints it: `<(3, {'label': <'Quit'>, …}, …)>`.
fn lines(layout: &str) -> Vec<MenuLine> {
    layout
        .split("<(")
        .skip(1)
        .filter_map(|entry| {
            let (id, rest) = entry.split_once(", {")?;
            let label = rest.split_once("'label': <")?.1;
            let quote = label.chars().next()?;
            let label = label[1..].split_once(&format!("{quote}>"))?.0;
            Some(MenuLine {
                id: id.trim_start_matches("int32 ").parse().ok()?,
                label: label.replace("__", "_"),
            })
        })
        .collect()
}

/// A daemon that shows notifications.
pub struct Notifications<'world> {
    world: &'world World,
    _process: Process,
}

impl<'world> Notifications<'world> {
    pub fn start(world: &'world World) -> Self {
        let folder = world.home.join(".config/dunst");
        fs::create_dir_all(&folder).expect("dunst's folder");
        fs::write(folder.join("dunstrc"), DUNST).expect("dunst's settings");
        let notifications = Self {
            world,
            _process: bus::start(world, "dunst", &[]),
        };
        wait_for("the notification daemon", SLOW, || {
            notifications.ask(&["count", "displayed"])
        });
        notifications
    }

    fn ask(&self, arguments: &[&str]) -> Result<String, String> {
        bus::run(self.world, "dunstctl", arguments)
    }

    /// Waits until this many stand on the screen.
    #[track_caller]
    pub fn wait_for_count(&self, count: usize) {
        wait_for(&format!("{count} notifications"), SLOW, || {
            let shown = self.ask(&["count", "displayed"])?;
            if shown.trim() == count.to_string() {
                Ok(())
            } else {
                Err(shown)
            }
        });
    }

    /// Clicks the one on top.
    pub fn click(&self) {
        self.ask(&["action"]).expect("dunst takes a click");
    }
}
