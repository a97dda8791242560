//! The promises about session ids and their lineage.

use jiff::Timestamp;
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, LineageEntry, ProjectId, SessionSource,
};
use reprise_core::store::{ReplaceOutcome, SaveOutcome};

use super::{Subject, at_once, created, current, time};

pub fn the_first_session_id_is_saved_with_its_row<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let id = ClaudeSessionId::generate();
    assert_eq!(
        store
            .save_session_id_if_unset(project, &id, time(1))
            .unwrap(),
        SaveOutcome::Saved
    );
    assert_eq!(current(store, project), CurrentSessionId::Set(id.clone()));
    assert_eq!(
        store.lineage(project).unwrap(),
        [LineageEntry {
            project,
            session_id: id,
            source: SessionSource::Startup,
            parent: None,
            at: time(1),
            message_sent: false,
        }]
    );
}

pub fn a_session_id_that_is_set_is_told_and_stays<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a");
    let id = ClaudeSessionId::generate();
    store
        .save_session_id_if_unset(project.id, &id, time(1))
        .unwrap();
    for late in [ClaudeSessionId::generate(), id.clone()] {
        assert_eq!(
            store
                .save_session_id_if_unset(project.id, &late, time(2))
                .unwrap(),
            SaveOutcome::AlreadySet(CurrentSessionId::Set(id.clone()))
        );
    }
    assert_eq!(current(store, project.id), CurrentSessionId::Set(id));
    assert_eq!(store.lineage(project.id).unwrap().len(), 1);
}

pub fn a_session_id_is_replaced_only_where_the_expected_one_is_stored<S: Subject>(
    fresh: fn() -> S,
) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let [a, b, c] = [(); 3].map(|()| ClaudeSessionId::generate());
    let set = |id: &ClaudeSessionId| CurrentSessionId::Set(id.clone());
    let replace = |expected: &CurrentSessionId, new: &ClaudeSessionId, source, ms| {
        store
            .replace_session_id(project, expected, new, source, time(ms))
            .unwrap()
    };

    assert_eq!(
        replace(&CurrentSessionId::Unset, &a, SessionSource::Import, 1),
        ReplaceOutcome::Replaced
    );
    assert_eq!(
        replace(&CurrentSessionId::Unset, &b, SessionSource::Clear, 2),
        ReplaceOutcome::Conflict(set(&a))
    );
    assert_eq!(
        replace(&set(&a), &b, SessionSource::Clear, 3),
        ReplaceOutcome::Replaced
    );
    assert_eq!(
        replace(&set(&a), &c, SessionSource::Resume, 4),
        ReplaceOutcome::Conflict(set(&b))
    );
    assert_eq!(
        replace(&set(&b), &a, SessionSource::Resume, 5),
        ReplaceOutcome::Replaced
    );
    assert_eq!(current(store, project), set(&a));

    let rows: Vec<_> = store
        .lineage(project)
        .unwrap()
        .into_iter()
        .map(|row| (row.session_id, row.source, row.parent, row.at))
        .collect();
    assert_eq!(
        rows,
        [
            (a.clone(), SessionSource::Import, None, time(1)),
            (b.clone(), SessionSource::Clear, None, time(2)),
            (b.clone(), SessionSource::Clear, Some(a.clone()), time(3)),
            (c, SessionSource::Resume, Some(a.clone()), time(4)),
            (a, SessionSource::Resume, Some(b), time(5)),
        ]
    );
}

pub fn a_conflict_keeps_the_row_of_the_id_that_lost<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let first = ClaudeSessionId::generate();
    store
        .save_session_id_if_unset(project, &first, time(0))
        .unwrap();
    let expected = CurrentSessionId::Set(first.clone());
    let outcomes = at_once(&subject, 8, |store, number| {
        let new = ClaudeSessionId::generate();
        let outcome = store
            .replace_session_id(
                project,
                &expected,
                &new,
                SessionSource::Fork,
                time(number as i64 + 1),
            )
            .unwrap();
        (new, outcome)
    });
    let (winners, losers): (Vec<_>, Vec<_>) = outcomes
        .into_iter()
        .partition(|(_, outcome)| *outcome == ReplaceOutcome::Replaced);
    assert_eq!(winners.len(), 1);
    let winner = CurrentSessionId::Set(winners[0].0.clone());
    assert_eq!(current(store, project), winner);
    for (_, outcome) in &losers {
        assert_eq!(*outcome, ReplaceOutcome::Conflict(winner.clone()));
    }
    let rows = store.lineage(project).unwrap();
    assert_eq!(rows.len(), 9);
    for (id, _) in winners.iter().chain(&losers) {
        let row = rows.iter().find(|row| row.session_id == *id).unwrap();
        assert_eq!(row.parent.as_ref(), Some(&first));
    }
}

pub fn a_text_that_is_no_uuid_is_listed_and_can_be_replaced<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    for (number, text) in ["", "foo", "--continue", "ação\n"].into_iter().enumerate() {
        let project = created(store, &format!("/w/{number}")).id;
        subject.plant_session_id(project, text);
        let invalid = CurrentSessionId::Invalid(text.into());
        assert_eq!(current(store, project), invalid);
        assert!(
            store
                .projects()
                .unwrap()
                .iter()
                .any(|project| project.claude_session_id == invalid)
        );

        let new = ClaudeSessionId::generate();
        assert_eq!(
            store
                .save_session_id_if_unset(project, &new, time(1))
                .unwrap(),
            SaveOutcome::AlreadySet(invalid.clone())
        );
        let replace = |expected: &CurrentSessionId| {
            store
                .replace_session_id(project, expected, &new, SessionSource::Startup, time(2))
                .unwrap()
        };
        for wrong in [
            CurrentSessionId::Unset,
            CurrentSessionId::Invalid("bar".into()),
        ] {
            assert_eq!(replace(&wrong), ReplaceOutcome::Conflict(invalid.clone()));
        }
        assert_eq!(replace(&invalid), ReplaceOutcome::Replaced);
        assert_eq!(current(store, project), CurrentSessionId::Set(new));
        assert_eq!(store.lineage(project).unwrap()[0].parent, None);
    }
}

pub fn a_session_id_keeps_the_case_of_its_letters<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let upper: ClaudeSessionId = "9F0E6C1A-3B5D-4E7F-8A90-B1C2D3E4F506".parse().unwrap();
    let lower: ClaudeSessionId = upper.as_str().to_lowercase().parse().unwrap();
    store
        .save_session_id_if_unset(project, &upper, time(1))
        .unwrap();
    store.mark_message_sent(project, &upper).unwrap();
    assert!(!store.message_sent(project, &lower).unwrap());
    assert_eq!(
        store
            .replace_session_id(
                project,
                &CurrentSessionId::Set(lower.clone()),
                &lower,
                SessionSource::Resume,
                time(2)
            )
            .unwrap(),
        ReplaceOutcome::Conflict(CurrentSessionId::Set(upper))
    );
}

pub fn a_row_added_twice_is_there_once<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let row = LineageEntry {
        project,
        session_id: ClaudeSessionId::generate(),
        source: SessionSource::Unknown,
        parent: Some(ClaudeSessionId::generate()),
        at: Timestamp::from_microsecond(1_790_000_000_000_001).unwrap(),
        message_sent: false,
    };
    let sent = LineageEntry {
        message_sent: true,
        ..row.clone()
    };
    store.append_lineage(&row).unwrap();
    store.append_lineage(&row).unwrap();
    assert_eq!(store.lineage(project).unwrap(), std::slice::from_ref(&row));
    store.append_lineage(&sent).unwrap();
    store.append_lineage(&row).unwrap();
    assert_eq!(store.lineage(project).unwrap(), std::slice::from_ref(&sent));

    // A microsecond, another source or another project makes another row.
    let later = LineageEntry {
        at: Timestamp::from_microsecond(1_790_000_000_000_002).unwrap(),
        ..sent.clone()
    };
    let other_source = LineageEntry {
        source: SessionSource::Resume,
        at: time(1),
        ..sent.clone()
    };
    let elsewhere = LineageEntry {
        project: ProjectId::generate(),
        ..sent.clone()
    };
    for row in [&later, &other_source, &elsewhere] {
        store.append_lineage(row).unwrap();
    }
    assert_eq!(store.lineage(project).unwrap(), [sent, later, other_source]);
    assert_eq!(store.lineage(elsewhere.project).unwrap(), [elsewhere]);
}

pub fn lineage_is_told_oldest_first<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let project = ProjectId::generate();
    for ms in [3, 1, 2] {
        let row = LineageEntry {
            project,
            session_id: ClaudeSessionId::generate(),
            source: SessionSource::Clear,
            parent: None,
            at: time(ms),
            message_sent: false,
        };
        subject.store().append_lineage(&row).unwrap();
    }
    let times: Vec<_> = subject
        .store()
        .lineage(project)
        .unwrap()
        .into_iter()
        .map(|row| row.at)
        .collect();
    assert_eq!(times, [time(1), time(2), time(3)]);
}

pub fn the_newest_row_of_every_lineage_is_told_at_once<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    assert_eq!(store.newest_lineage().unwrap(), [].into());
    let [kept, removed] = ["/w/a", "/w/b"].map(|folder| created(store, folder).id);
    created(store, "/w/without-rows");
    for (project, ms) in [(kept, 5), (kept, 9), (kept, 7), (removed, 2)] {
        let row = LineageEntry {
            project,
            session_id: ClaudeSessionId::generate(),
            source: SessionSource::Resume,
            parent: None,
            at: time(ms),
            message_sent: false,
        };
        store.append_lineage(&row).unwrap();
    }
    store.remove_project(removed).unwrap();
    let newest = [(kept, time(9)), (removed, time(2))].into();
    assert_eq!(store.newest_lineage().unwrap(), newest);
}

pub fn a_mark_stays_only_while_nothing_changes<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let (store, another) = (subject.store(), subject.another());
    // Where only reading tells there is none, however often it is asked for.
    let Some(_) = store.change_mark().unwrap() else {
        assert_eq!(another.change_mark().unwrap(), None);
        return;
    };
    let project = created(store, "/w/a").id;
    let unchanged = || {
        let mark = store.change_mark().unwrap();
        store.projects().unwrap();
        another.lineage(project).unwrap();
        assert_eq!(store.change_mark().unwrap(), mark);
        mark
    };
    let before = unchanged();
    store.rename_project(project, "own", time(1)).unwrap();
    let renamed = unchanged();
    another.rename_project(project, "other", time(2)).unwrap();
    let by_another = unchanged();
    let row = LineageEntry {
        project,
        session_id: ClaudeSessionId::generate(),
        source: SessionSource::Resume,
        parent: None,
        at: time(3),
        message_sent: false,
    };
    another.append_lineage(&row).unwrap();
    let marks = [before, renamed, by_another, unchanged()];
    assert_eq!(
        marks
            .iter()
            .collect::<std::collections::BTreeSet<_>>()
            .len(),
        4
    );
}

pub fn a_sent_message_is_never_forgotten<S: Subject>(fresh: fn() -> S) {
    let subject = fresh();
    let store = subject.store();
    let project = created(store, "/w/a").id;
    let [used, unused] = [(); 2].map(|()| ClaudeSessionId::generate());
    store
        .save_session_id_if_unset(project, &used, time(1))
        .unwrap();
    assert!(!store.message_sent(project, &used).unwrap());
    assert!(store.mark_message_sent(project, &used).unwrap());
    assert!(store.mark_message_sent(project, &used).unwrap());
    assert!(!store.mark_message_sent(project, &unused).unwrap());

    // It belongs to the id: a row that comes later, for a resume of it, says so, too.
    let set = |id: &ClaudeSessionId| CurrentSessionId::Set(id.clone());
    store
        .replace_session_id(project, &set(&used), &unused, SessionSource::Clear, time(2))
        .unwrap();
    store
        .replace_session_id(
            project,
            &set(&unused),
            &used,
            SessionSource::Resume,
            time(3),
        )
        .unwrap();
    let told: Vec<_> = store
        .lineage(project)
        .unwrap()
        .into_iter()
        .map(|row| (row.session_id, row.message_sent))
        .collect();
    assert_eq!(
        told,
        [
            (used.clone(), true),
            (unused.clone(), false),
            (used.clone(), true)
        ]
    );
    assert!(store.message_sent(project, &used).unwrap());
    assert!(!store.message_sent(project, &unused).unwrap());
    assert!(!store.message_sent(ProjectId::generate(), &used).unwrap());
}
