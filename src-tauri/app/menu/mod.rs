//! The native menu bar. Its content is plain data ([`model`]); of a new content only what
//! differs is changed, so that an open menu neither closes nor flickers.

pub mod model;
mod words;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};
use tauri::menu::{
    CheckMenuItemBuilder, IsMenuItem, Menu as Bar, MenuItemBuilder, MenuItemKind,
    PredefinedMenuItem, Submenu, SubmenuBuilder,
};
use tauri::{AppHandle, Manager, Wry};

use crate::complain::complain;
use crate::window;
use model::{Chosen, Item, Menu};

/// The menu bar as it stands in the window.
#[derive(Default)]
pub struct MenuBar {
    built: Mutex<Built>,
}

#[derive(Default)]
struct Built {
    bar: Option<Bar<Wry>>,
    menus: Vec<Menu>,
    submenus: Vec<Submenu<Wry>>,
    /// What each line asks for, by the id that the toolkit knows it by.
    chosen: HashMap<String, Chosen>,
    /// Counts lines, so that no id is used twice.
    count: u64,
}

impl MenuBar {
    /// Shows this, changing only what differs.
    pub fn show(&self, app: &AppHandle, menus: Vec<Menu>) {
        let mut built = self.lock();
        if built.menus == menus {
            return;
        }
        let result = if built.submenus.len() == menus.len() {
            built.change(app, menus)
        } else {
            built.build(app, menus)
        };
        if let Err(error) = result {
            complain(format_args!("the menu bar is not up to date: {error}"));
        }
    }

    /// What a chosen line asks for. The toolkit has turned its mark, where it has one, by
    /// itself; the next [`MenuBar::show`] brings it in line again.
    pub fn chosen(&self, id: &str) -> Option<Chosen> {
        let mut built = self.lock();
        let chosen = built.chosen.get(id).cloned()?;
        for menu in &mut built.menus {
            turn_mark(&mut menu.items, &chosen);
        }
        Some(chosen)
    }

    fn lock(&self) -> MutexGuard<'_, Built> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Built {
    fn build(&mut self, app: &AppHandle, menus: Vec<Menu>) -> tauri::Result<()> {
        let bar = Bar::new(app)?;
        self.submenus.clear();
        for menu in &menus {
            let submenu = self.submenu(app, menu)?;
            bar.append(&submenu)?;
            self.submenus.push(submenu);
        }
        if let Some(window) = app.get_webview_window(window::LABEL) {
            window.set_menu(bar.clone())?;
        }
        self.bar = Some(bar);
        self.menus = menus;
        Ok(())
    }

    fn change(&mut self, app: &AppHandle, menus: Vec<Menu>) -> tauri::Result<()> {
        let before = std::mem::take(&mut self.menus);
        for (at, (old, new)) in before.iter().zip(&menus).enumerate() {
            if old.label != new.label {
                self.replace(app, at, new)?;
            } else if old != new {
                let submenu = self.submenus[at].clone();
                self.change_lines(app, &submenu, old, new)?;
            }
        }
        self.menus = menus;
        Ok(())
    }

    /// Puts another menu into the bar: GTK goes on showing the name with which one was built.
    fn replace(&mut self, app: &AppHandle, at: usize, menu: &Menu) -> tauri::Result<()> {
        let Some(bar) = self.bar.clone() else {
            return Ok(());
        };
        let old = self.submenus[at].clone();
        for line in old.items()? {
            self.forget(&line);
        }
        let submenu = self.submenu(app, menu)?;
        bar.remove(&old)?;
        bar.insert(&submenu, at)?;
        self.submenus[at] = submenu;
        Ok(())
    }

    fn change_lines(
        &mut self,
        app: &AppHandle,
        submenu: &Submenu<Wry>,
        old: &Menu,
        new: &Menu,
    ) -> tauri::Result<()> {
        let lines = submenu.items()?;
        if lines.len() != old.items.len() || !old.has_same_lines(new) {
            for line in lines {
                self.forget(&line);
                submenu.remove(&line)?;
            }
            for item in &new.items {
                submenu.append(&*self.line(app, item)?)?;
            }
            return Ok(());
        }
        for ((line, old), new) in lines.iter().zip(&old.items).zip(&new.items) {
            match (line, old, new) {
                (MenuItemKind::Submenu(line), Item::Menu(old), Item::Menu(new)) if old != new => {
                    self.change_lines(app, line, old, new)?;
                }
                (
                    line,
                    Item::Choice {
                        label: old_label,
                        enabled: old_enabled,
                        checked: old_checked,
                        ..
                    },
                    Item::Choice {
                        label,
                        enabled,
                        checked,
                        ..
                    },
                ) => {
                    if let MenuItemKind::MenuItem(line) = line {
                        if label != old_label {
                            line.set_text(literal(label))?;
                        }
                        if enabled != old_enabled {
                            line.set_enabled(*enabled)?;
                        }
                    }
                    if let MenuItemKind::Check(line) = line {
                        if label != old_label {
                            line.set_text(literal(label))?;
                        }
                        if enabled != old_enabled {
                            line.set_enabled(*enabled)?;
                        }
                        if let Some(checked) = checked
                            && checked != &old_checked.unwrap_or_default()
                        {
                            line.set_checked(*checked)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn forget(&mut self, line: &MenuItemKind<Wry>) {
        self.chosen.remove(line.id().as_ref());
        if let MenuItemKind::Submenu(submenu) = line {
            for line in submenu.items().unwrap_or_default() {
                self.forget(&line);
            }
        }
    }

    fn submenu(&mut self, app: &AppHandle, menu: &Menu) -> tauri::Result<Submenu<Wry>> {
        let submenu = SubmenuBuilder::new(app, literal(&menu.label)).build()?;
        for item in &menu.items {
            submenu.append(&*self.line(app, item)?)?;
        }
        Ok(submenu)
    }

    fn line(&mut self, app: &AppHandle, item: &Item) -> tauri::Result<Box<dyn IsMenuItem<Wry>>> {
        Ok(match item {
            Item::Separator => Box::new(PredefinedMenuItem::separator(app)?),
            Item::Menu(menu) => Box::new(self.submenu(app, menu)?),
            Item::Choice {
                chosen,
                label,
                key,
                enabled,
                checked,
            } => {
                self.count += 1;
                let id = format!("reprise-{}", self.count);
                self.chosen.insert(id.clone(), chosen.clone());
                let label = literal(label);
                match checked {
                    Some(checked) => Box::new(
                        CheckMenuItemBuilder::with_id(id, label)
                            .enabled(*enabled)
                            .checked(*checked)
                            .build(app)?,
                    ),
                    None => {
                        let mut line = MenuItemBuilder::with_id(id, label).enabled(*enabled);
                        if let Some(key) = key {
                            line = line.accelerator(key);
                        }
                        Box::new(line.build(app)?)
                    }
                }
            }
        })
    }
}

fn turn_mark(items: &mut [Item], turned: &Chosen) {
    for item in items {
        match item {
            Item::Menu(menu) => turn_mark(&mut menu.items, turned),
            Item::Choice {
                chosen,
                checked: Some(checked),
                ..
            } if chosen == turned => *checked = !*checked,
            _ => {}
        }
    }
}

/// An ampersand marks the letter that chooses a line with Alt; those belong to the session,
/// and two are one.
fn literal(label: &str) -> String {
    label.replace('&', "&&")
}

/// A choice as the page reads it.
pub fn payload(chosen: &Chosen) -> Value {
    let mut fields = Map::new();
    fields.insert("action".into(), json!(chosen.action));
    if let Some(project) = &chosen.project {
        fields.insert("projectId".into(), json!(project));
    }
    if let Some(milestone) = &chosen.milestone {
        fields.insert("milestoneId".into(), json!(milestone));
    }
    if let Some(status) = chosen.status {
        fields.insert("status".into(), json!(status));
    }
    Value::Object(fields)
}
