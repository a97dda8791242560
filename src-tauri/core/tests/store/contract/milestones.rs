//! The promises about milestones.

use reprise_core::model::{Milestone, MilestoneId, MilestoneStatus, ProjectId};
use reprise_core::store::{NewMilestone, Store};

use super::{Subject, created, time};

fn added(store: &dyn Store, project: ProjectId, name: &str, ms: i64) -> Milestone {
    let new = NewMilestone {
        project,
        element_name: name.into(),
        at: time(ms),
    };
    store.create_milestone(new).unwrap().unwrap()
}

pub fn a_new_milestone_is_pending_and_stored_as_it_was_given<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let project = created(subject.store(), "/w/a").id;
    let milestone = added(subject.store(), project, "Conciliação 'x'\n", 7);
    let expected = Milestone {
        id: milestone.id,
        project,
        element_name: "Conciliação 'x'\n".into(),
        status: MilestoneStatus::Pending,
        milestone_folder_name: None,
        wxcode_version: None,
        created_at: time(7),
        updated_at: time(7),
        completed_at: None,
    };
    assert_eq!(milestone, expected);
    let found = subject.another().milestone(milestone.id).unwrap();
    assert_eq!(found, Some(expected));
}

pub fn milestones_are_listed_by_creation_time_and_each_with_its_project<S: Subject>(
    fresh: fn() -> S,
) {
    let subject = fresh();
    let store = subject.store();
    let [one, other] = ["/w/a", "/w/b"].map(|folder| created(store, folder).id);
    for (project, name, ms) in [
        (one, "b", 20),
        (other, "x", 5),
        (one, "c", 10),
        (one, "a", 30),
    ] {
        added(store, project, name, ms);
    }
    let names = |project| -> Vec<String> {
        let milestones = store.milestones(project).unwrap();
        milestones.into_iter().map(|it| it.element_name).collect()
    };
    assert_eq!(names(one), ["c", "b", "a"]);
    assert_eq!(names(other), ["x"]);
}

pub fn an_unknown_milestone_is_none_and_so_is_one_without_a_project<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let nobody = MilestoneId::generate();
    assert_eq!(store.milestone(nobody).unwrap(), None);
    assert_eq!(store.rename_milestone(nobody, "x", time(0)).unwrap(), None);
    let failed = MilestoneStatus::Failed;
    let set = store.set_milestone_status(nobody, None, failed, time(0));
    assert_eq!(set.unwrap(), None);
    let folder = store.set_milestone_folder(nobody, Some("x"), time(0));
    assert_eq!(folder.unwrap(), None);
    let orphan = NewMilestone {
        project: ProjectId::generate(),
        element_name: "x".into(),
        at: time(0),
    };
    assert_eq!(store.create_milestone(orphan.clone()).unwrap(), None);
    assert_eq!(store.milestones(orphan.project).unwrap(), []);
}

pub fn each_field_of_a_milestone_changes_alone_and_says_when<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let untouched = added(store, project, "untouched", 0);
    let mut expected = added(store, project, "first", 0);
    let id = expected.id;

    expected.element_name = "novo nome".into();
    expected.updated_at = time(1);
    let now = store.rename_milestone(id, "novo nome", time(1)).unwrap();
    assert_eq!(now.as_ref(), Some(&expected));

    for (ms, folder) in [(2, Some("v1.1-fila")), (3, None)] {
        expected.milestone_folder_name = folder.map(str::to_owned);
        expected.updated_at = time(ms);
        let now = store.set_milestone_folder(id, folder, time(ms)).unwrap();
        assert_eq!(now.as_ref(), Some(&expected));
    }

    for (ms, status) in [
        (4, MilestoneStatus::InProgress),
        (5, MilestoneStatus::Completed),
        (6, MilestoneStatus::Failed),
        (7, MilestoneStatus::Pending),
        (8, MilestoneStatus::Completed),
    ] {
        expected.status = status;
        expected.updated_at = time(ms);
        expected.completed_at = (status == MilestoneStatus::Completed).then(|| time(ms));
        let now = store
            .set_milestone_status(id, None, status, time(ms))
            .unwrap();
        assert_eq!(now.as_ref(), Some(&expected));
    }
    assert_eq!(subject.another().milestone(id).unwrap(), Some(expected));
    assert_eq!(store.milestone(untouched.id).unwrap(), Some(untouched));
}

pub fn a_status_changes_only_from_the_one_that_was_expected<S: Subject>(fresh: fn() -> S) {
    use MilestoneStatus::{Completed, InProgress, Pending};
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let id = added(store, project, "m", 0).id;
    let set = |expected, status, ms| {
        store
            .set_milestone_status(id, expected, status, time(ms))
            .unwrap()
            .unwrap()
    };
    let begun = set(Some(Pending), InProgress, 1);
    assert_eq!((begun.status, begun.updated_at), (InProgress, time(1)));
    // Told twice that it began: nothing changes.
    assert_eq!(set(Some(Pending), InProgress, 2), begun);
    assert_eq!(set(None, InProgress, 3), begun);
    let done = set(None, Completed, 4);
    assert_eq!(set(Some(Pending), InProgress, 5), done);
    assert_eq!(set(None, Completed, 6).completed_at, Some(time(4)));
}

pub fn a_removed_project_takes_its_milestones_along<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let [one, other] = ["/w/a", "/w/b"].map(|folder| created(store, folder).id);
    let gone = added(store, one, "gone", 0);
    let stays = added(store, other, "stays", 0);
    store.remove_project(one).unwrap();
    assert_eq!(store.milestone(gone.id).unwrap(), None);
    assert_eq!(store.milestones(one).unwrap(), []);
    assert_eq!(store.milestones(other).unwrap(), [stays]);
}
