//! The menu bar as plain data: what stands in it, in which words, and what of it can act now.

use std::sync::Arc;

use crate::dto::{Locale, MilestoneStatus, Preferences, ProjectView, TerminalState};
use crate::front::Shown;
use crate::tray::{short_name, state_words};

use super::words::{self, Word};

mod milestones;

/// The projects that have a key of their own.
const NUMBERED: usize = 9;

/// A milestone of the project in front.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MilestoneLine {
    /// Its id.
    pub id: String,
    /// Its project's id.
    pub project: String,
    /// What the person calls it.
    pub name: String,
    /// How far it is.
    pub status: MilestoneStatus,
}

/// What the menu bar depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// All projects.
    pub projects: &'a [Arc<ProjectView>],
    /// The milestones of the project in front, in the order they were begun.
    pub milestones: &'a [MilestoneLine],
    /// Whether there is a copy of its plan's phases.
    pub has_backups: bool,
    /// What the page has in front.
    pub shown: Shown,
    /// What the person chose.
    pub preferences: &'a Preferences,
    /// The language.
    pub locale: Locale,
}

/// What an item asks for: an action of the page, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its name in the page's table.
    pub action: &'static str,
    /// The milestone it is about.
    pub milestone: Option<String>,
    /// The status it sets.
    pub status: Option<MilestoneStatus>,
    /// The project it is about; none: the one in front.
    pub project: Option<String>,
}

impl Chosen {
    /// An action about the project in front, or about none.
    pub fn of(action: &'static str) -> Self {
        Self {
            action,
            milestone: None,
            status: None,
            project: None,
        }
    }
}

/// One line of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// Something that can be chosen.
    Choice {
        /// What for.
        chosen: Chosen,
        /// Its words.
        label: String,
        /// Its key, as muda writes it.
        key: Option<&'static str>,
        /// Whether it can act now.
        enabled: bool,
        /// Whether it is marked, where it can be.
        checked: Option<bool>,
    },
    /// A menu in the menu.
    Menu(Menu),
    /// A line between groups.
    Separator,
}

/// A menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Menu {
    /// Its words.
    pub label: String,
    /// Its lines.
    pub items: Vec<Item>,
}

impl Item {
    /// Whether the other is the same line, perhaps with other words or another mark. Of a menu
    /// its own lines are another matter, but with another name it is another one: GTK goes on
    /// showing the name with which a menu was built (muda 0.20).
    pub fn is_same_line(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Choice {
                    chosen,
                    key,
                    checked,
                    ..
                },
                Self::Choice {
                    chosen: other,
                    key: other_key,
                    checked: other_checked,
                    ..
                },
            ) => {
                chosen == other && key == other_key && checked.is_some() == other_checked.is_some()
            }
            (Self::Menu(menu), Self::Menu(other)) => menu.label == other.label,
            (Self::Separator, Self::Separator) => true,
            _ => false,
        }
    }
}

impl Menu {
    /// Whether the other menu differs in words, marks and what can act only.
    pub fn has_same_lines(&self, other: &Self) -> bool {
        self.items.len() == other.items.len()
            && self
                .items
                .iter()
                .zip(&other.items)
                .all(|(item, other)| item.is_same_line(other))
    }
}

/// The menu bar.
pub fn menu_bar(context: &Context<'_>) -> Vec<Menu> {
    let front = context
        .shown
        .project
        .map(|id| id.to_string())
        .and_then(|id| context.projects.iter().find(|view| view.id == id))
        .map(Arc::as_ref);
    let build = Build {
        locale: context.locale,
        acts: !context.shown.dialog_open,
    };
    vec![
        build.file(front),
        build.edit(context, front),
        build.view(),
        build.session(context, front),
        build.project(context, front),
        build.milestones(context, front),
        build.window(context),
        build.help(),
    ]
}

struct Build {
    locale: Locale,
    /// In front of a dialog of the page nothing else can act.
    acts: bool,
}

impl Build {
    fn menu(&self, word: Word, items: Vec<Item>) -> Menu {
        Menu {
            label: words::of(word, self.locale).to_owned(),
            items,
        }
    }

    fn choice(&self, word: Word, action: &'static str, enabled: bool) -> Item {
        self.keyed(word, action, None, enabled)
    }

    fn keyed(
        &self,
        word: Word,
        action: &'static str,
        key: Option<&'static str>,
        enabled: bool,
    ) -> Item {
        Item::Choice {
            chosen: Chosen::of(action),
            label: words::of(word, self.locale).to_owned(),
            key,
            enabled: enabled && self.acts,
            checked: None,
        }
    }

    fn checked(&self, word: Word, action: &'static str, on: bool) -> Item {
        match self.choice(word, action, true) {
            Item::Choice {
                chosen,
                label,
                key,
                enabled,
                ..
            } => Item::Choice {
                chosen,
                label,
                key,
                enabled,
                checked: Some(on),
            },
            other => other,
        }
    }

    fn file(&self, front: Option<&ProjectView>) -> Menu {
        self.menu(
            Word::File,
            vec![
                self.keyed(
                    Word::OpenFolder,
                    "openFolder",
                    Some("CmdOrCtrl+Shift+O"),
                    true,
                ),
                self.keyed(
                    Word::NewMilestone,
                    "newMilestone",
                    Some("CmdOrCtrl+Shift+N"),
                    front.is_some(),
                ),
                Item::Separator,
                self.keyed(Word::Settings, "settings", Some("CmdOrCtrl+Comma"), true),
                Item::Separator,
                self.keyed(
                    Word::CloseWindow,
                    "closeWindow",
                    Some("CmdOrCtrl+Shift+W"),
                    true,
                ),
                self.keyed(Word::Quit, "quit", Some("CmdOrCtrl+Shift+Q"), true),
            ],
        )
    }

    fn edit(&self, context: &Context<'_>, front: Option<&ProjectView>) -> Menu {
        let terminal = context.shown.terminal.is_some() && front.is_some();
        self.menu(
            Word::Edit,
            vec![
                self.keyed(
                    Word::Copy,
                    "copy",
                    Some("CmdOrCtrl+Shift+C"),
                    terminal && context.shown.has_selection,
                ),
                self.keyed(Word::Paste, "paste", Some("CmdOrCtrl+Shift+V"), terminal),
                Item::Separator,
                self.keyed(Word::Find, "find", Some("CmdOrCtrl+Shift+F"), terminal),
                self.keyed(Word::SaveScrollback, "saveScrollback", None, terminal),
                self.keyed(Word::SaveColoured, "saveColoured", None, terminal),
            ],
        )
    }

    fn view(&self) -> Menu {
        self.menu(
            Word::View,
            vec![
                self.keyed(Word::Palette, "palette", Some("CmdOrCtrl+Shift+P"), true),
                self.keyed(Word::Sidebar, "sidebar", Some("CmdOrCtrl+Shift+B"), true),
                self.keyed(
                    Word::Milestones,
                    "milestones",
                    Some("CmdOrCtrl+Shift+M"),
                    true,
                ),
                Item::Separator,
                self.choice(Word::Larger, "zoomIn", true),
                self.choice(Word::Smaller, "zoomOut", true),
                self.choice(Word::NormalSize, "zoomReset", true),
                Item::Separator,
                self.keyed(Word::FullScreen, "fullScreen", Some("F11"), true),
            ],
        )
    }

    fn session(&self, context: &Context<'_>, front: Option<&ProjectView>) -> Menu {
        let open = front.is_some_and(is_open);
        let takes = front.is_some_and(takes_commands);
        let queued = front.is_some_and(|view| {
            view.live.as_ref().is_some_and(|live| {
                live.queue.iter().any(|command| {
                    !matches!(
                        command.state,
                        crate::dto::QueuedCommandState::Delivered { .. }
                    )
                })
            })
        });
        let waiting = context
            .projects
            .iter()
            .any(|view| crate::tray::needs_person(view));
        let start = match front {
            Some(view) if view.session_id.is_some() => Word::Resume,
            _ => Word::Start,
        };
        self.menu(
            Word::Session,
            vec![
                self.choice(start, "startSession", front.is_some() && !open),
                self.choice(Word::Restart, "restartSession", open),
                self.choice(Word::Branch, "forkSession", open && takes),
                self.choice(Word::End, "endSession", open),
                Item::Separator,
                self.choice(Word::NewShell, "newShell", front.is_some()),
                Item::Separator,
                self.keyed(
                    Word::QueueCommand,
                    "queueCommand",
                    Some("CmdOrCtrl+Shift+K"),
                    takes,
                ),
                self.choice(Word::ClearQueue, "clearQueue", queued),
                Item::Separator,
                self.keyed(
                    Word::NextNeedsYou,
                    "nextNeedsYou",
                    Some("CmdOrCtrl+Shift+J"),
                    waiting,
                ),
            ],
        )
    }

    fn project(&self, context: &Context<'_>, front: Option<&ProjectView>) -> Menu {
        let there = front.is_some();
        let muted = front.is_some_and(|view| view.muted);
        let mut items: Vec<Item> = context
            .projects
            .iter()
            .take(NUMBERED)
            .map(|view| Item::Choice {
                chosen: Chosen {
                    action: "openProject",
                    milestone: None,
                    status: None,
                    project: Some(view.id.clone()),
                },
                label: format!(
                    "{}: {}",
                    short_name(&view.name),
                    state_words(view, self.locale)
                ),
                key: None,
                enabled: self.acts,
                checked: Some(front.is_some_and(|front| front.id == view.id)),
            })
            .collect();
        if !items.is_empty() {
            items.push(Item::Separator);
        }
        items.extend([
            self.choice(Word::PreviousProject, "previousProject", there),
            self.choice(Word::NextProject, "nextProject", there),
            Item::Separator,
            self.choice(Word::Rename, "renameProject", there),
            self.choice(Word::Locate, "locateFolder", there),
            self.choice(
                if muted { Word::Unmute } else { Word::Mute },
                "toggleMute",
                there,
            ),
            self.choice(Word::MilestoneCommand, "milestoneCommand", there),
            self.choice(
                Word::RestorePhases,
                "restorePhases",
                there && context.has_backups,
            ),
            Item::Separator,
            self.choice(Word::Remove, "removeProject", there),
        ]);
        self.menu(Word::Project, items)
    }

    fn window(&self, context: &Context<'_>) -> Menu {
        let preferences = context.preferences;
        self.menu(
            Word::Window,
            vec![
                self.checked(
                    Word::StayInTray,
                    "toggleCloseToTray",
                    preferences.close_to_tray,
                ),
                self.checked(
                    Word::Notifications,
                    "toggleNotifications",
                    preferences.notifications,
                ),
            ],
        )
    }

    fn help(&self) -> Menu {
        self.menu(Word::Help, vec![self.choice(Word::About, "about", true)])
    }
}

fn is_open(view: &ProjectView) -> bool {
    view.live
        .as_ref()
        .is_some_and(|live| !matches!(live.state, TerminalState::Ended { .. }))
}

/// An unattended run takes none; a session that does not run is taken up for one.
fn takes_commands(view: &ProjectView) -> bool {
    view.live.as_ref().is_none_or(|live| live.run.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tray::tests::view;

    struct Scene {
        projects: Vec<Arc<ProjectView>>,
        milestones: Vec<MilestoneLine>,
        has_backups: bool,
        shown: Shown,
        preferences: Preferences,
    }

    impl Scene {
        fn new(state: Option<&str>, milestones: usize) -> Self {
            let project = view("ledger", state, "2026-11-21T04:00:00Z");
            let id: reprise_core::model::ProjectId = project.id.parse().unwrap();
            let milestones = (0..milestones)
                .map(|at| MilestoneLine {
                    id: format!("{at:024x}"),
                    project: project.id.clone(),
                    name: format!("Milestone {at}"),
                    status: if at % 2 == 0 {
                        MilestoneStatus::Pending
                    } else {
                        MilestoneStatus::Completed
                    },
                })
                .collect();
            Self {
                shown: Shown {
                    project: Some(id),
                    terminal: Some(reprise_core::model::TerminalKey::Claude),
                    ..Shown::default()
                },
                projects: vec![project],
                milestones,
                has_backups: false,
                preferences: Preferences::default(),
            }
        }

        fn bar(&self) -> Vec<Menu> {
            menu_bar(&Context {
                projects: &self.projects,
                milestones: &self.milestones,
                has_backups: self.has_backups,
                shown: self.shown,
                preferences: &self.preferences,
                locale: Locale::English,
            })
        }

        /// Which actions can act now.
        fn enabled(&self) -> Vec<&'static str> {
            fn collect(items: &[Item], into: &mut Vec<&'static str>) {
                for item in items {
                    match item {
                        Item::Choice {
                            chosen,
                            enabled: true,
                            ..
                        } => into.push(chosen.action),
                        Item::Menu(menu) => collect(&menu.items, into),
                        _ => {}
                    }
                }
            }
            let mut actions = Vec::new();
            for menu in self.bar() {
                collect(&menu.items, &mut actions);
            }
            actions
        }
    }

    #[test]
    fn a_session_that_runs_can_be_ended_one_that_does_not_can_be_started() {
        let live = Scene::new(Some("idle"), 1).enabled();
        assert!(live.contains(&"endSession") && !live.contains(&"startSession"));
        assert!(live.contains(&"startMilestone") && !live.contains(&"runUnattended"));
        let closed = Scene::new(None, 1).enabled();
        assert!(closed.contains(&"startSession") && !closed.contains(&"endSession"));
        assert!(closed.contains(&"runUnattended"));
    }

    #[test]
    fn in_front_of_a_dialog_nothing_acts() {
        let mut scene = Scene::new(Some("idle"), 1);
        scene.shown.dialog_open = true;
        let enabled = scene.enabled();
        assert!(!enabled.contains(&"endSession") && !enabled.contains(&"startMilestone"));
    }

    #[test]
    fn copy_needs_a_selection() {
        let mut scene = Scene::new(Some("idle"), 0);
        assert!(!scene.enabled().contains(&"copy"));
        scene.shown.has_selection = true;
        assert!(scene.enabled().contains(&"copy"));
    }

    #[test]
    fn phases_are_brought_back_where_there_is_a_copy() {
        let mut scene = Scene::new(Some("idle"), 0);
        assert!(!scene.enabled().contains(&"restorePhases"));
        scene.has_backups = true;
        assert!(scene.enabled().contains(&"restorePhases"));
    }

    #[test]
    fn hundreds_of_milestones_are_grouped_by_status_and_bounded() {
        let few = Scene::new(None, 12).bar();
        assert_eq!(few[5].items.len(), 2 + 12);
        let many = Scene::new(None, 400).bar();
        let labels: Vec<&str> = many[5]
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Menu(menu) => Some(menu.label.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(labels, ["Pending (200)", "Completed (200)"]);
        let Item::Menu(pending) = &many[5].items[2] else {
            panic!("{:?}", many[5].items[2]);
        };
        let ranges: Vec<(&str, usize)> = pending
            .items
            .iter()
            .filter_map(|item| match item {
                Item::Menu(menu) => Some((menu.label.as_str(), menu.items.len())),
                _ => None,
            })
            .collect();
        let expected = [("1 – 40", 40), ("41 – 80", 40), ("81 – 120", 40)];
        assert_eq!(ranges[..3], expected);
        assert_eq!(ranges.len(), 5);
        let Item::Menu(pending) = &Scene::new(None, 4_000).bar()[5].items[2] else {
            panic!("no menu of pending ones");
        };
        assert_eq!(
            pending.items.len(),
            10 + 2,
            "ten ranges, and where the rest is"
        );
    }

    #[test]
    fn what_only_changes_its_words_keeps_its_lines() {
        let idle = Scene::new(Some("idle"), 3);
        let mut working = Scene::new(Some("working"), 3);
        Arc::make_mut(&mut working.projects[0])
            .id
            .clone_from(&idle.projects[0].id);
        working.shown = idle.shown;
        for milestone in &mut working.milestones {
            milestone.project.clone_from(&idle.projects[0].id);
        }
        let same = |(a, b): (&Menu, &Menu)| a.has_same_lines(b);
        assert!(idle.bar().iter().zip(&working.bar()).all(same));
        let more = Scene::new(Some("idle"), 4);
        assert!(!idle.bar()[5].has_same_lines(&more.bar()[5]));
    }
}
