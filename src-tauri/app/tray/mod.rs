//! The icon in the panel and its menu: what they show follows from the projects. Plain data;
//! the platform draws it.

mod words;

use std::cmp::Reverse;
use std::sync::Arc;

use reprise_core::model::{ProjectId, one_line};

use crate::dto::{CloseDecision, Locale, ProjectView, TerminalState};
pub use words::state_words;

/// At most this many projects are listed, beside those that need the person.
const MOST_RECENT: usize = 12;
/// The longest name in a menu, in characters. Its end is kept: names may differ only there.
const MAX_NAME: usize = 40;
const KEPT_END: usize = 12;

/// What the icon says at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayState {
    /// Nothing is at work.
    Idle,
    /// A session works.
    Working,
    /// A session needs the person.
    Attention,
}

/// The sign of a session's state in the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    /// It comes up.
    Starting,
    /// It waits at its prompt.
    Idle,
    /// It works.
    Working,
    /// A permission prompt is open.
    Permission,
    /// A question is open.
    Question,
    /// A command of the person runs in it.
    Shell,
    /// It ended, and there is nothing to resume.
    Ended,
    /// It can be taken up again.
    Resumable,
    /// It ended with a failure.
    Failed,
    /// What it does is not known.
    Unknown,
}

/// What choosing an item does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayAction {
    /// Opens the window on a project; its session is taken up.
    Open(ProjectId),
    /// Asks for a folder to open.
    New,
    /// Opens the window.
    ShowWindow,
    /// Ends the app, and the sessions if so decided.
    Quit(CloseDecision),
}

/// One line of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrayItem {
    /// Something that can be chosen.
    Choice {
        /// Its words.
        label: String,
        /// Its sign.
        glyph: Option<Glyph>,
        /// What choosing it does.
        action: TrayAction,
    },
    /// Further choices behind a word.
    Group {
        /// The word.
        label: String,
        /// The choices.
        items: Vec<TrayItem>,
    },
    /// A line between groups.
    Separator,
}

/// The icon and its menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayModel {
    /// What the icon says.
    pub state: TrayState,
    /// What it says in words.
    pub tooltip: String,
    /// The menu.
    pub items: Vec<TrayItem>,
}

/// The sign of a project's session.
pub fn glyph_of(view: &ProjectView) -> Glyph {
    let Some(live) = &view.live else {
        let known = view.session_id.is_some() || view.invalid_session_id.is_some();
        return if known {
            Glyph::Resumable
        } else {
            Glyph::Ended
        };
    };
    match live.state {
        TerminalState::Starting => Glyph::Starting,
        TerminalState::Idle => Glyph::Idle,
        TerminalState::Working => Glyph::Working,
        TerminalState::Permission => Glyph::Permission,
        TerminalState::Question => Glyph::Question,
        TerminalState::Shell => Glyph::Shell,
        TerminalState::Ended { code: 0, .. } => Glyph::Ended,
        TerminalState::Ended { .. } => Glyph::Failed,
        TerminalState::Unknown => Glyph::Unknown,
    }
}

/// Whether a project's session waits for the person.
pub fn needs_person(view: &ProjectView) -> bool {
    matches!(glyph_of(view), Glyph::Permission | Glyph::Question)
}

/// The icon and the menu for these projects; `last` is the project that was shown last.
pub fn model(projects: &[Arc<ProjectView>], last: Option<&str>, locale: Locale) -> TrayModel {
    let waiting = by_waiting(projects);
    let recent = recent(projects, MOST_RECENT + waiting.len());
    let working = projects
        .iter()
        .any(|view| matches!(glyph_of(view), Glyph::Working | Glyph::Shell));
    let state = match (waiting.is_empty(), working) {
        (false, _) => TrayState::Attention,
        (true, true) => TrayState::Working,
        (true, false) => TrayState::Idle,
    };
    let mut items: Vec<TrayItem> = waiting
        .iter()
        .filter_map(|view| project_item(view, locale))
        .collect();
    separate(&mut items);
    if let Some(last) = projects
        .iter()
        .find(|view| Some(view.id.as_str()) == last)
        .map(Arc::as_ref)
        .or_else(|| recent.first().copied())
        && let Ok(id) = last.id.parse()
    {
        items.push(TrayItem::Choice {
            label: words::resume_last(locale, &short_name(&last.name)),
            glyph: None,
            action: TrayAction::Open(id),
        });
    }
    separate(&mut items);
    items.extend(
        recent
            .into_iter()
            .filter(|view| !needs_person(view))
            .take(MOST_RECENT)
            .filter_map(|view| project_item(view, locale)),
    );
    separate(&mut items);
    let choice = |label: &str, action| TrayItem::Choice {
        label: label.to_owned(),
        glyph: None,
        action,
    };
    items.push(choice(words::new(locale), TrayAction::New));
    items.push(choice(words::show_window(locale), TrayAction::ShowWindow));
    items.push(TrayItem::Group {
        label: words::quit(locale).to_owned(),
        items: vec![
            choice(
                words::quit_keep(locale),
                TrayAction::Quit(CloseDecision::Keep),
            ),
            choice(
                words::quit_end(locale),
                TrayAction::Quit(CloseDecision::End),
            ),
        ],
    });
    TrayModel {
        state,
        tooltip: words::tooltip(locale, state, waiting.len()),
        items,
    }
}

/// Those that wait for the person, longest first.
fn by_waiting(projects: &[Arc<ProjectView>]) -> Vec<&ProjectView> {
    let mut waiting: Vec<&ProjectView> = projects
        .iter()
        .map(Arc::as_ref)
        .filter(|view| needs_person(view))
        .collect();
    waiting.sort_by_key(|view| view.live.as_ref().map(|live| live.since));
    waiting
}

/// The projects that were used last, first, and no more than `most`: what lives is in use.
fn recent(projects: &[Arc<ProjectView>], most: usize) -> Vec<&ProjectView> {
    let used = |(place, view): &(usize, &ProjectView)| {
        let used = view
            .live
            .as_ref()
            .map(|live| live.started_at)
            .max(view.last_used_at);
        (Reverse((view.live.is_some(), used)), *place)
    };
    let mut recent: Vec<(usize, &ProjectView)> =
        projects.iter().map(Arc::as_ref).enumerate().collect();
    // Of thousands only the few that are shown are put in order.
    if recent.len() > most {
        recent.select_nth_unstable_by_key(most, used);
        recent.truncate(most);
    }
    recent.sort_by_key(used);
    recent.into_iter().map(|(_, view)| view).collect()
}

fn project_item(view: &ProjectView, locale: Locale) -> Option<TrayItem> {
    Some(TrayItem::Choice {
        label: words::project(locale, &short_name(&view.name), state_words(view, locale)),
        glyph: Some(glyph_of(view)),
        action: TrayAction::Open(view.id.parse().ok()?),
    })
}

fn separate(items: &mut Vec<TrayItem>) {
    if !matches!(items.last(), None | Some(TrayItem::Separator)) {
        items.push(TrayItem::Separator);
    }
}

/// A name for a menu: one line, cut in its middle.
pub fn short_name(name: &str) -> String {
    let name = one_line(name, 400);
    let characters: Vec<char> = name.chars().collect();
    if characters.len() <= MAX_NAME {
        return name;
    }
    let head = &characters[..MAX_NAME - KEPT_END - 1];
    let tail = &characters[characters.len() - KEPT_END..];
    head.iter().chain(['…'].iter()).chain(tail).collect()
}

#[cfg(test)]
pub mod tests {
    use reprise_core::model::{CurrentSessionId, OutputProject, ProjectId, ProjectStatus};
    use reprise_core::session::protocol::HostStatus;
    use serde_json::{Value, json};

    use super::*;
    use crate::views::{self, ProjectFacts};

    /// A project as the window shows it, with a session in this state.
    pub fn view(name: &str, state: Option<&str>, since: &str) -> Arc<ProjectView> {
        let id = ProjectId::generate();
        let at = since.parse().unwrap();
        let live: Option<HostStatus> = state.map(|state| {
            serde_json::from_value(json!({
                "project": id, "terminal": "claude", "name": name,
                "workspace": "/home/ana/ledger", "state": state,
                "since": since, "host_pid": 10, "program_pid": 11,
                "size": { "cols": 80, "rows": 24 }, "started_at": since,
                "clients": 1, "build": "1.0.0-a",
            }))
            .unwrap()
        });
        let stored = OutputProject {
            id,
            name: name.into(),
            workspace_path: "/home/ana/ledger".into(),
            status: ProjectStatus::Active,
            claude_session_id: CurrentSessionId::Set(
                "5f0c0ffe-0000-4000-8000-000000000000".parse().unwrap(),
            ),
            launch: Default::default(),
            created_at: at,
            updated_at: at,
        };
        let live: Vec<&HostStatus> = live.iter().collect();
        Arc::new(views::project(
            &stored,
            ProjectFacts::default(),
            &live,
            None,
        ))
    }

    fn labels(model: &TrayModel) -> Vec<Value> {
        model
            .items
            .iter()
            .map(|item| match item {
                TrayItem::Choice { label, .. } => json!(label),
                TrayItem::Group { label, items } => json!([label, items.len()]),
                TrayItem::Separator => json!("-"),
            })
            .collect()
    }

    #[test]
    fn who_needs_the_person_stands_on_top_longest_first() {
        let projects = [
            view("ledger-api", Some("working"), "2026-11-21T04:00:00Z"),
            view("Storefront", Some("permission"), "2026-11-21T04:20:00Z"),
            view("docs-site", Some("question"), "2026-11-21T04:10:00Z"),
            view("Estúdio", None, "2026-11-21T04:10:00Z"),
        ];
        let model = model(&projects, Some(&projects[0].id), Locale::English);
        assert_eq!(model.state, TrayState::Attention);
        assert_eq!(model.tooltip, "Reprise: 2 sessions need you");
        assert_eq!(
            labels(&model),
            [
                json!("docs-site: asks a question"),
                json!("Storefront: needs permission"),
                json!("-"),
                json!("Resume last: ledger-api"),
                json!("-"),
                json!("ledger-api: working"),
                json!("Estúdio: ready to resume"),
                json!("-"),
                json!("New…"),
                json!("Open the window"),
                json!(["Quit", 2]),
            ]
        );
    }

    #[test]
    fn without_projects_the_menu_still_opens_the_window() {
        let model = model(&[], None, Locale::BrazilianPortuguese);
        assert_eq!(model.state, TrayState::Idle);
        assert_eq!(
            labels(&model),
            [json!("Novo…"), json!("Abrir a janela"), json!(["Sair", 2])]
        );
    }

    #[test]
    fn at_most_twelve_projects_are_listed_and_long_names_keep_their_end() {
        let projects: Vec<Arc<ProjectView>> = (0..30)
            .map(|at| view(&format!("p{at}"), None, "2026-11-21T04:10:00Z"))
            .collect();
        let open = |item: &&TrayItem| matches!(item, TrayItem::Choice { glyph: Some(_), .. });
        let listed = model(&projects, None, Locale::English);
        assert_eq!(listed.items.iter().filter(open).count(), 12);
        assert_eq!(
            short_name("legacy-billing-conversion-of-the-whole-north-region"),
            "legacy-billing-conversion-o…north-region"
        );
        assert_eq!(short_name("a\nb\u{202e}c"), "a bc");
    }
}
