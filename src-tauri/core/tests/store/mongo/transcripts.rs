//! On which machine a conversation's transcript lies.

use jiff::{SignedDuration, Timestamp};
use reprise_core::model::{ClaudeSessionId, ProjectId};
use reprise_core::store::MongoStore;

use super::leases::machine;
use crate::contract::time;
use crate::mongod::{Kind, SharedDatabase};

#[test]
fn the_machine_that_worked_on_a_conversation_last_has_its_transcript() {
    for kind in [Kind::ReplicaSet, Kind::Standalone] {
        let database = SharedDatabase::new(kind);
        let store = MongoStore::open(&database.uri()).unwrap();
        let (ana, rui) = (machine("ana"), machine("rui"));
        let project = ProjectId::generate();
        let session = ClaudeSessionId::generate();
        assert_eq!(store.transcript(&session).unwrap(), None);
        let note = |machine, at| {
            store
                .note_transcript(project, &session, machine, at)
                .unwrap();
            let place = store.transcript(&session).unwrap().unwrap();
            assert_eq!((&place.session_id, place.project), (&session, project));
            (place.machine, place.last_active)
        };
        assert_eq!(note(&ana, time(10)), (ana.clone(), time(10)));
        // What an outage kept back and that comes later is not taken for the newest.
        assert_eq!(note(&rui, time(5)), (ana.clone(), time(10)));
        assert_eq!(note(&ana, time(7)), (ana.clone(), time(10)));
        assert_eq!(note(&rui, time(11)), (rui.clone(), time(11)));
        let (all, newest) = store.transcripts_since(None).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(store.transcripts_since(newest).unwrap().0, all);
        let later = newest.unwrap() + SignedDuration::from_secs(1);
        assert_eq!(
            store.transcripts_since(Some(later)).unwrap(),
            (vec![], None)
        );
    }
}

#[test]
fn a_clock_that_is_ahead_does_not_hold_a_transcript_for_ever() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let (ana, rui) = (machine("ana"), machine("rui"));
    let (project, session) = (ProjectId::generate(), ClaudeSessionId::generate());
    let note = |machine, at| {
        let noted = store.note_transcript(project, &session, machine, at);
        noted.unwrap();
        store.transcript(&session).unwrap().unwrap()
    };
    let ahead = Timestamp::now() + SignedDuration::from_hours(24);
    let noted = note(&ana, ahead);
    assert!(noted.last_active < ahead - SignedDuration::from_hours(23));
    let later = note(&rui, noted.last_active + SignedDuration::from_millis(1));
    assert_eq!(later.machine, rui);
}

#[test]
fn of_many_that_note_the_same_conversation_at_once_the_latest_stays() {
    let database = SharedDatabase::new(Kind::ReplicaSet);
    let store = MongoStore::open(&database.uri()).unwrap();
    let (project, session) = (ProjectId::generate(), ClaudeSessionId::generate());
    std::thread::scope(|scope| {
        for n in 0..20 {
            let (store, session) = (&store, &session);
            scope.spawn(move || {
                let machine = machine(&n.to_string());
                let noted = store.note_transcript(project, session, &machine, time(n));
                noted.unwrap();
            });
        }
    });
    let place = store.transcript(&session).unwrap().unwrap();
    assert_eq!(
        (place.machine.user.as_str(), place.last_active),
        ("19", time(19))
    );
}
