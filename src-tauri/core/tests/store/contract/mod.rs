//! What every store promises, one test per promise. `store_contract!` runs all of them.

mod milestones;
mod session_ids;

use jiff::Timestamp;
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, DisplayMode, LaunchOptions, LineageEntry, OutputProject,
    ProjectId, ProjectStatus, SessionSource,
};
use reprise_core::store::{
    CreateOutcome, MoveOutcome, NewProject, ReplaceOutcome, SaveOutcome, Store,
};

pub use milestones::*;
pub use session_ids::*;

/// A fresh, empty store to be tested.
pub trait Subject {
    /// The store.
    fn store(&self) -> &dyn Store;
    /// A second way to the same content, as another process has it.
    fn another(&self) -> Box<dyn Store>;
    /// Writes a project's session id past the store, as another program would.
    fn plant_session_id(&self, project: ProjectId, text: &str);
    /// Whether moving a project changes its document, and so says when that was; otherwise a
    /// folder is the machine's own matter.
    fn moving_changes_the_project(&self) -> bool {
        true
    }
}

/// Runs every promise as a test of its own: `store_contract!(fresh)` with `fresh() -> impl Subject`.
macro_rules! store_contract {
    ($fresh:path) => {
        store_contract!($fresh:
            a_new_project_is_stored_as_it_was_given,
            a_folder_has_one_project_however_often_it_is_created,
            of_many_threads_creating_a_folders_project_one_creates_it,
            projects_are_listed_by_creation_time,
            an_unknown_project_is_none_and_not_an_error,
            each_field_changes_alone_and_says_when,
            a_project_moves_only_to_a_folder_that_is_free,
            a_removed_project_leaves_its_lineage,
            the_first_session_id_is_saved_with_its_row,
            a_session_id_that_is_set_is_told_and_stays,
            a_session_id_is_replaced_only_where_the_expected_one_is_stored,
            a_conflict_keeps_the_row_of_the_id_that_lost,
            a_text_that_is_no_uuid_is_listed_and_can_be_replaced,
            a_session_id_keeps_the_case_of_its_letters,
            a_row_added_twice_is_there_once,
            lineage_is_told_oldest_first,
            the_newest_row_of_every_lineage_is_told_at_once,
            a_mark_stays_only_while_nothing_changes,
            a_sent_message_is_never_forgotten,
            every_text_comes_back_as_it_went_in,
            two_handles_see_each_others_changes,
            any_sequence_of_calls_does_what_the_model_does,
            a_new_milestone_is_pending_and_stored_as_it_was_given,
            milestones_are_listed_by_creation_time_and_each_with_its_project,
            an_unknown_milestone_is_none_and_so_is_one_without_a_project,
            each_field_of_a_milestone_changes_alone_and_says_when,
            a_status_changes_only_from_the_one_that_was_expected,
            a_removed_project_takes_its_milestones_along
        );
    };
    ($fresh:path: $($promise:ident),+) => {$(
        #[test]
        fn $promise() {
            $crate::contract::$promise($fresh);
        }
    )+};
}

/// A time with a whole number of milliseconds, which every store keeps.
pub fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + ms).unwrap()
}

pub fn new_project(folder: &str, at: Timestamp) -> NewProject {
    NewProject {
        name: folder.rsplit('/').next().unwrap().to_owned(),
        workspace_path: folder.to_owned(),
        launch: LaunchOptions::default(),
        at,
    }
}

fn created(store: &dyn Store, folder: &str) -> OutputProject {
    match store.create_project(new_project(folder, time(0))).unwrap() {
        CreateOutcome::Created(project) => project,
        CreateOutcome::AlreadyThere(project) => panic!("{project:?} was there already"),
    }
}

fn current(store: &dyn Store, id: ProjectId) -> CurrentSessionId {
    store.project(id).unwrap().unwrap().claude_session_id
}

pub fn a_new_project_is_stored_as_it_was_given<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let launch = LaunchOptions {
        permission_mode: Some("plan".into()),
        model: None,
        extra_args: vec!["--add-dir".into(), "/tmp/with space".into()],
        env: [("TOKEN".to_owned(), "a=b\n".to_owned())].into(),
        display: DisplayMode::Scrollback,
        milestone_command: Some("/x {context}".into()),
    };
    let outcome = subject
        .store()
        .create_project(NewProject {
            name: "Relatório".into(),
            workspace_path: "/home/ana/relatório".into(),
            launch: launch.clone(),
            at: time(7),
        })
        .unwrap();
    let CreateOutcome::Created(project) = outcome else {
        panic!("{outcome:?}");
    };
    let expected = OutputProject {
        id: project.id,
        name: "Relatório".into(),
        workspace_path: "/home/ana/relatório".into(),
        status: ProjectStatus::Created,
        claude_session_id: CurrentSessionId::Unset,
        launch,
        created_at: time(7),
        updated_at: time(7),
    };
    assert_eq!(project, expected);
    let store = subject.another();
    assert_eq!(store.project(project.id).unwrap().as_ref(), Some(&expected));
    assert_eq!(
        store.project_at("/home/ana/relatório").unwrap(),
        Some(expected)
    );
    assert_eq!(store.lineage(project.id).unwrap(), []);
}

pub fn a_folder_has_one_project_however_often_it_is_created<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let first = created(subject.store(), "/w/a");
    let again = subject
        .store()
        .create_project(NewProject {
            name: "another name".into(),
            ..new_project("/w/a", time(5))
        })
        .unwrap();
    assert_eq!(again, CreateOutcome::AlreadyThere(first.clone()));
    assert_eq!(again.into_project(), first);
    assert_eq!(subject.store().projects().unwrap(), [first]);
}

pub fn of_many_threads_creating_a_folders_project_one_creates_it<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let outcomes = at_once(&subject, 8, |store, _| {
        store.create_project(new_project("/w/a", time(0))).unwrap()
    });
    let new = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, CreateOutcome::Created(_)))
        .count();
    assert_eq!(new, 1, "{outcomes:?}");
    assert_eq!(subject.store().projects().unwrap().len(), 1);
}

pub fn projects_are_listed_by_creation_time<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    for (folder, ms) in [("/w/b", 20), ("/w/c", 10), ("/w/a", 30)] {
        subject
            .store()
            .create_project(new_project(folder, time(ms)))
            .unwrap();
    }
    let folders: Vec<_> = subject
        .store()
        .projects()
        .unwrap()
        .into_iter()
        .map(|project| project.workspace_path)
        .collect();
    assert_eq!(folders, ["/w/c", "/w/b", "/w/a"]);
}

pub fn an_unknown_project_is_none_and_not_an_error<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let nobody = ProjectId::generate();
    let id = ClaudeSessionId::generate();
    assert_eq!(store.projects().unwrap(), []);
    assert_eq!(store.project(nobody).unwrap(), None);
    assert_eq!(store.project_at("/w").unwrap(), None);
    assert_eq!(store.rename_project(nobody, "x", time(0)).unwrap(), None);
    assert_eq!(
        store.move_project(nobody, "/w", time(0)).unwrap(),
        MoveOutcome::NoSuchProject
    );
    assert_eq!(
        store
            .set_launch_options(nobody, &LaunchOptions::default(), time(0))
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .set_project_status(nobody, ProjectStatus::Active, time(0))
            .unwrap(),
        None
    );
    assert!(!store.remove_project(nobody).unwrap());
    assert_eq!(
        store
            .save_session_id_if_unset(nobody, &id, time(0))
            .unwrap(),
        SaveOutcome::NoSuchProject
    );
    assert_eq!(
        store
            .replace_session_id(
                nobody,
                &CurrentSessionId::Unset,
                &id,
                SessionSource::Clear,
                time(0)
            )
            .unwrap(),
        ReplaceOutcome::NoSuchProject
    );
    assert!(!store.mark_message_sent(nobody, &id).unwrap());
    assert!(!store.message_sent(nobody, &id).unwrap());
    assert_eq!(store.lineage(nobody).unwrap(), []);
}

pub fn each_field_changes_alone_and_says_when<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let mut expected = created(store, "/w/a");
    let id = expected.id;

    expected.name = "novo nome".into();
    expected.updated_at = time(1);
    let now = store.rename_project(id, "novo nome", time(1)).unwrap();
    assert_eq!(now.as_ref(), Some(&expected));

    expected.launch.model = Some("opus".into());
    expected.updated_at = time(2);
    let now = store
        .set_launch_options(id, &expected.launch, time(2))
        .unwrap();
    assert_eq!(now.as_ref(), Some(&expected));

    for (ms, status) in [
        (3, ProjectStatus::Initialized),
        (4, ProjectStatus::Active),
        (5, ProjectStatus::Created),
    ] {
        expected.status = status;
        expected.updated_at = time(ms);
        let now = store.set_project_status(id, status, time(ms)).unwrap();
        assert_eq!(now.as_ref(), Some(&expected));
    }

    let session = ClaudeSessionId::generate();
    store
        .save_session_id_if_unset(id, &session, time(6))
        .unwrap();
    expected.claude_session_id = CurrentSessionId::Set(session);
    expected.updated_at = time(6);
    assert_eq!(subject.another().project(id).unwrap(), Some(expected));
}

pub fn a_project_moves_only_to_a_folder_that_is_free<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let mut moved = created(store, "/w/a");
    let other = created(store, "/w/b");
    assert_eq!(
        store.move_project(moved.id, "/w/b", time(1)).unwrap(),
        MoveOutcome::Taken(other)
    );
    assert_eq!(store.project(moved.id).unwrap(), Some(moved.clone()));

    let moved_at = |ms| match subject.moving_changes_the_project() {
        true => time(ms),
        false => time(0),
    };
    moved.workspace_path = "/w/c".into();
    moved.updated_at = moved_at(2);
    assert_eq!(
        store.move_project(moved.id, "/w/c", time(2)).unwrap(),
        MoveOutcome::Moved(moved.clone())
    );
    assert_eq!(store.project_at("/w/c").unwrap(), Some(moved.clone()));
    assert_eq!(store.project_at("/w/a").unwrap(), None);

    moved.updated_at = moved_at(3);
    assert_eq!(
        store.move_project(moved.id, "/w/c", time(3)).unwrap(),
        MoveOutcome::Moved(moved)
    );
}

pub fn a_removed_project_leaves_its_lineage<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let other = created(store, "/w/b");
    let id = ClaudeSessionId::generate();
    store
        .save_session_id_if_unset(project, &id, time(1))
        .unwrap();

    assert!(store.remove_project(project).unwrap());
    assert!(!store.remove_project(project).unwrap());
    assert_eq!(store.projects().unwrap(), [other]);
    assert_eq!(store.lineage(project).unwrap()[0].session_id, id);
    // A host that outlived its project still has its ids to tell.
    let late = LineageEntry {
        project,
        session_id: ClaudeSessionId::generate(),
        source: SessionSource::Clear,
        parent: Some(id),
        at: time(2),
        message_sent: true,
    };
    store.append_lineage(&late).unwrap();
    assert_eq!(store.lineage(project).unwrap()[1], late);
    // The folder is free for a new project, which starts without a session.
    let again = created(store, "/w/a");
    assert_ne!(again.id, project);
    assert_eq!(again.claude_session_id, CurrentSessionId::Unset);
}

pub fn every_text_comes_back_as_it_went_in<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    for text in [
        "",
        " ",
        "'; DROP TABLE output_projects; --",
        "$where {\"a\": 1} %_*?[",
        "日本語 👍🏽 e\u{301}",
        "line\nbreak\ttab\r",
        &"x".repeat(100_000),
    ] {
        let project = store
            .create_project(NewProject {
                name: text.into(),
                ..new_project(&format!("/w/{text}"), time(0))
            })
            .unwrap()
            .into_project();
        assert_eq!(project.name, text);
        let found = store.project_at(&format!("/w/{text}")).unwrap();
        assert_eq!(found, Some(project));
    }
    assert_eq!(store.project_at("/w/%").unwrap(), None);
}

pub fn two_handles_see_each_others_changes<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let (one, other) = (subject.store(), subject.another());
    let project = created(one, "/w/a").id;
    let id = ClaudeSessionId::generate();
    other
        .save_session_id_if_unset(project, &id, time(1))
        .unwrap();
    assert_eq!(current(one, project), CurrentSessionId::Set(id.clone()));
    one.mark_message_sent(project, &id).unwrap();
    assert!(other.message_sent(project, &id).unwrap());
    other.remove_project(project).unwrap();
    assert_eq!(one.projects().unwrap(), []);
}

pub fn any_sequence_of_calls_does_what_the_model_does<S: Subject>(fresh: fn() -> S) {
    crate::model::check(fresh);
}

/// Calls `work` in several threads at the same moment, each with a handle of its own.
fn at_once<S: Subject, T: Send>(
    subject: &S,
    threads: usize,
    work: impl Fn(&dyn Store, usize) -> T + Sync,
) -> Vec<T> {
    let stores: Vec<_> = (0..threads).map(|_| subject.another()).collect();
    let start = std::sync::Barrier::new(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = stores
            .iter()
            .enumerate()
            .map(|(number, store)| {
                let (start, work) = (&start, &work);
                scope.spawn(move || {
                    start.wait();
                    work(store.as_ref(), number)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}
