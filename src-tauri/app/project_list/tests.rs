//! The list against what is in it, and the page's copy against the list.

use std::path::Path;

use reprise_core::folders::Folders;
use reprise_core::model::{CurrentSessionId, LaunchOptions, ProjectStatus};
use reprise_core::store::SqliteStore;
use serde_json::json;

use super::*;
use crate::dto::TerminalState;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + ms).unwrap()
}

fn project(created: i64, name: &str) -> OutputProject {
    OutputProject {
        id: ProjectId::generate(),
        name: name.into(),
        workspace_path: format!("/home/ana/{name}"),
        status: ProjectStatus::Created,
        claude_session_id: CurrentSessionId::Unset,
        launch: LaunchOptions::default(),
        created_at: at(created),
        updated_at: at(created),
    }
}

fn status(project: ProjectId, terminal: TerminalKey, state: &str) -> HostStatus {
    serde_json::from_value(json!({
        "project": project, "terminal": terminal, "name": "ledger",
        "workspace": "/home/ana/ledger", "state": state,
        "since": "2026-11-21T00:00:00Z", "host_pid": 10, "program_pid": 11,
        "size": { "cols": 80, "rows": 24 }, "started_at": "2026-11-20T23:00:00Z",
        "clients": 1, "build": "1.0.0-a",
    }))
    .unwrap()
}

/// Those who have a store, which is not looked into here.
fn sessions(folder: &Path) -> Arc<ProjectSessions> {
    let home = folder.as_os_str().to_owned();
    let folders = Folders::from_env(|name| (name == "HOME").then(|| home.clone())).unwrap();
    let store = SqliteStore::open(&folders.database(), at(0)).unwrap().store;
    let program = folder.join("reprise-session");
    Arc::new(ProjectSessions::new(
        Arc::new(store),
        folders,
        program,
        "1",
        Vec::new(),
    ))
}

struct Scene {
    _folder: tempfile::TempDir,
    sessions: Arc<ProjectSessions>,
    list: ProjectList,
    projects: Vec<OutputProject>,
    newest: BTreeMap<ProjectId, Timestamp>,
    around: Around,
}

impl Scene {
    fn new(projects: Vec<OutputProject>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut scene = Self {
            sessions: sessions(folder.path()),
            _folder: folder,
            list: ProjectList::default(),
            projects,
            newest: BTreeMap::new(),
            around: Around::default(),
        };
        scene.look();
        scene
    }

    /// Brings the list up to date with the scene.
    fn look(&mut self) {
        self.projects
            .sort_by_key(|project| (project.created_at, project.id));
        self.list.take_stored(Stored {
            sessions: self.sessions.clone(),
            mark: Some(1),
            projects: self.projects.clone(),
            newest_lineage: self.newest.clone(),
            elsewhere: BTreeMap::new(),
        });
        self.list.update(self.around.clone());
    }
}

/// What a page has that takes in updates as `ui/src/state/projects.ts` does.
#[derive(Default)]
struct Page {
    upto: u64,
    views: Vec<Arc<ProjectView>>,
}

impl Page {
    /// Takes one portion; whether there is more.
    fn take(&mut self, list: &ProjectList, limit: usize) -> bool {
        let update = list.changes(self.upto, limit);
        assert!(update.changed.len() + update.removed.len() <= limit);
        self.upto = update.upto;
        let is_other = |view: &Arc<ProjectView>| {
            update.removed.contains(&view.id)
                || update.changed.iter().any(|other| other.id == view.id)
        };
        self.views.retain(|view| !is_other(view));
        self.views.extend(update.changed);
        self.views
            .sort_by_key(|view| (view.created_at_us.unwrap_or(i64::MAX), view.id.clone()));
        update.more
    }
}

fn names(views: &[Arc<ProjectView>]) -> Vec<&str> {
    views.iter().map(|view| view.name.as_str()).collect()
}

#[test]
fn a_terminal_of_a_project_that_the_store_does_not_know_is_shown_all_the_same() {
    let mut scene = Scene::new(vec![project(1, "known")]);
    let (known, unknown) = (scene.projects[0].id, ProjectId::generate());
    scene.around.build = Some("1.0.0-b".into());
    scene.around.live = vec![
        status(known, TerminalKey::Claude, "permission"),
        status(known, TerminalKey::Shell(10), "idle"),
        status(known, TerminalKey::Shell(2), "idle"),
        status(unknown, TerminalKey::Claude, "permission"),
    ];
    scene.look();
    let views = scene.list.projects();
    assert_eq!(views.len(), 2);
    let shells: Vec<_> = views[0]
        .shells
        .iter()
        .map(|shell| shell.terminal.as_str())
        .collect();
    assert_eq!(shells, ["shell-2", "shell-10"]);
    assert_eq!(views[1].id, unknown.to_string());
    let live = views[1].live.as_ref().unwrap();
    assert_eq!(live.state, TerminalState::Permission);
    assert!(live.waits_for_restart);
}

#[test]
fn one_session_of_thousands_that_changes_is_the_whole_update() {
    let mut scene = Scene::new((0..3_000).map(|n| project(n, &format!("p{n}"))).collect());
    let mut page = Page::default();
    while page.take(&scene.list, 1_000) {}
    assert_eq!(page.views.len(), 3_000);

    let id = scene.projects[2_345].id;
    scene.around.live = vec![status(id, TerminalKey::Claude, "working")];
    scene.look();
    let update = scene.list.changes(page.upto, 1_000);
    assert_eq!(names(&update.changed), ["p2345"]);
    assert!(update.removed.is_empty() && !update.more);
    page.take(&scene.list, 1_000);
    assert_eq!(page.views, *scene.list.projects());

    // Nothing changed: nothing is told, and the number stays.
    scene.look();
    let update = scene.list.changes(page.upto, 1_000);
    assert_eq!((update.changed.len(), update.upto), (0, page.upto));
}

#[test]
fn what_lives_is_told_first() {
    let projects: Vec<_> = (0..10).map(|n| project(n, &format!("p{n}"))).collect();
    let id = projects[7].id;
    let mut list = ProjectList::default();
    let folder = tempfile::tempdir().unwrap();
    list.take_stored(Stored {
        sessions: sessions(folder.path()),
        mark: None,
        projects,
        newest_lineage: BTreeMap::new(),
        elsewhere: BTreeMap::new(),
    });
    list.update(Around {
        live: vec![status(id, TerminalKey::Claude, "permission")],
        ..Around::default()
    });
    assert_eq!(names(&list.changes(0, 3).changed), ["p7", "p0", "p1"]);
}

#[test]
fn a_mark_counts_only_for_the_store_that_it_is_of() {
    let scene = Scene::new(vec![project(1, "a")]);
    assert_eq!(scene.list.mark_of(&scene.sessions), Some(1));
    let other = tempfile::tempdir().unwrap();
    assert_eq!(scene.list.mark_of(&sessions(other.path())), None);
}

#[test]
fn files_of_hosts_are_read_for_those_that_came_or_went_and_once_more_after_that() {
    let mut scene = Scene::new(vec![project(1, "a"), project(2, "b")]);
    let id = scene.projects[1].id;
    let alive = vec![status(id, TerminalKey::Claude, "idle")];
    assert_eq!(scene.list.host_facts_to_read(&[]), None, "all, at first");
    let mut to_read = |live: &[HostStatus]| {
        let to_read = scene.list.host_facts_to_read(live).unwrap();
        scene.list.update(Around {
            live: live.to_vec(),
            ..Around::default()
        });
        to_read.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(to_read(&[]), []);
    assert_eq!(to_read(&alive), [id]);
    assert_eq!(to_read(&alive), [id]);
    assert_eq!(to_read(&alive), []);
    assert_eq!(to_read(&[]), [id]);
    assert_eq!(to_read(&[]), [id]);
    assert_eq!(to_read(&[]), []);
}

/// A generator that is good enough to choose with, the same in every run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

#[test]
fn pages_that_take_what_they_lack_in_portions_have_the_list_in_the_end() {
    for seed in 0..60 {
        let mut choose = Choices(seed);
        let mut scene = Scene::new((0..8).map(|n| project(n, &format!("p{n}"))).collect());
        let strangers: Vec<_> = (0..3).map(|_| ProjectId::generate()).collect();
        let mut pages: Vec<Page> = (0..3).map(|_| Page::default()).collect();
        for step in 0..40 {
            let at_random = choose.below(scene.projects.len());
            match choose.below(7) {
                0 => scene.projects.push(project(
                    i64::try_from(choose.below(20)).unwrap(),
                    &format!("new{step}"),
                )),
                1 if !scene.projects.is_empty() => {
                    scene.projects.remove(at_random);
                }
                2 if !scene.projects.is_empty() => {
                    scene.projects[at_random].name = format!("renamed{step}");
                }
                // Another program may change even this.
                3 if !scene.projects.is_empty() => {
                    scene.projects[at_random].created_at = at(choose.below(20).try_into().unwrap());
                }
                4 if !scene.projects.is_empty() => {
                    let id = scene.projects[at_random].id;
                    scene.newest.insert(id, at(step));
                    scene.around.muted = vec![id.to_string()];
                }
                _ => {
                    let states = ["idle", "working", "permission"];
                    let stored = scene.projects.iter().map(|project| project.id);
                    let mut ids: Vec<_> = stored.chain(strangers.iter().copied()).collect();
                    scene.around.live = (0..choose.below(3))
                        .map(|_| {
                            let id = ids.remove(choose.below(ids.len()));
                            status(id, TerminalKey::Claude, states[choose.below(3)])
                        })
                        .collect();
                }
            }
            scene.look();
            // One page is always up to date, one now and then, one reads slowly.
            while pages[0].take(&scene.list, 3) {}
            assert_eq!(pages[0].views, *scene.list.projects(), "seed {seed}");
            if choose.below(5) == 0 {
                while pages[1].take(&scene.list, 4) {}
                assert_eq!(pages[1].views, *scene.list.projects(), "seed {seed}");
            }
            pages[2].take(&scene.list, 1);
        }
        while pages[2].take(&scene.list, 1) {}
        assert_eq!(pages[2].views, *scene.list.projects(), "seed {seed}");
    }
}
