//! Two machines of a team on one project, with the real CLI and the real server.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::transcript;
use reprise_core::machine;
use reprise_core::model::{
    ClaudeSessionId, CurrentSessionId, Lease, ProjectId, SessionState, TerminalKey,
};
use reprise_core::project_sessions::{
    Elsewhere, NotStarted, RunOptions, RunOutcome, RunRefusal, StartChoice, StartOutcome,
};
use reprise_core::session::protocol::HostStatus;
use reprise_core::store::{
    ConnectionString, Following, Presence, ServerFault, Store, TeamStore, WaitingChange,
    WaitingWhat,
};

use crate::mongod::{Kind, Server, SharedDatabase};
use crate::real_claude::{self, Api};
use crate::viewer::Viewer;
use crate::world::{SIZE, World, lookup, wait_for};

/// A person's machine, with a home of its own.
struct Machine {
    world: World,
    store: Arc<TeamStore>,
}

impl Machine {
    /// Whoever trusts the folder of the project that the team shares.
    fn new(uri: &str, user: &str, api: &Api, workspace: &Path) -> Self {
        let program = real_claude::program();
        let mut variables = real_claude::variables(api).to_vec();
        variables.push(("REPRISE_CLAUDE", program.to_str().unwrap()));
        variables.push(("USER", user));
        let world = World::with_env(&variables);
        let settings = real_claude::settings(&[workspace]);
        std::fs::write(world.path("home/.claude.json"), settings).unwrap();
        let string = ConnectionString::parse(uri).unwrap();
        let this = machine::this(world.sessions.folders(), |name| lookup(&world.env, name));
        let opened = TeamStore::open(
            &string,
            &world.path("data/reprise"),
            this.unwrap(),
            Following::No,
            Timestamp::now(),
        );
        let store = Arc::new(opened.unwrap().store);
        let world = world.with_store(store.clone());
        Self { world, store }
    }

    fn name(&self) -> (String, String) {
        let machine = self.store.machine();
        (machine.host.clone(), machine.user.clone())
    }

    fn outcome(&self, project: ProjectId, choice: Option<&StartChoice>) -> StartOutcome {
        let outcome = self.world.sessions.get_or_create(project, SIZE, choice);
        outcome.unwrap()
    }

    fn start(&self, project: ProjectId, choice: Option<&StartChoice>) -> HostStatus {
        match self.outcome(project, choice) {
            StartOutcome::Live(status) => *status,
            StartOutcome::CannotResume(failure) => panic!("{failure:?}"),
        }
    }

    /// What stands against a start.
    fn refused(&self, project: ProjectId) -> Elsewhere {
        match self.outcome(project, None) {
            StartOutcome::CannotResume(failure) => match failure.why {
                NotStarted::Elsewhere(elsewhere) => *elsewhere,
                why => panic!("{why:?}"),
            },
            StartOutcome::Live(status) => panic!("it started: {status:?}"),
        }
    }

    fn is_idle(&self, project: ProjectId) {
        wait_for("the prompt", || {
            let status = self
                .world
                .sessions
                .hosts()
                .get(project, TerminalKey::Claude);
            status.unwrap().filter(|it| it.state == SessionState::Idle)
        });
    }

    fn say(&self, project: ProjectId, text: &str) {
        self.is_idle(project);
        let lock = self
            .world
            .sessions
            .hosts()
            .lock(project, TerminalKey::Claude);
        let mut viewer = Viewer::attach(&lock, SIZE);
        viewer.say(text);
        viewer.wait_for_text(&format!("you said: {text}"));
        self.is_idle(project);
    }

    fn end(&self, project: ProjectId) {
        let hosts = self.world.sessions.hosts();
        hosts.close(project, TerminalKey::Claude).unwrap();
        self.world.sessions.fold(project).unwrap();
    }

    fn keep_leases(&self) -> Vec<Lease> {
        self.world.sessions.keep_leases().unwrap()
    }

    fn stored(&self, project: ProjectId) -> CurrentSessionId {
        let project = self.store.project(project).unwrap().unwrap();
        project.claude_session_id
    }

    fn transcript(&self, id: &ClaudeSessionId, workspace: &str) -> Option<PathBuf> {
        let config = ConfigDir::of_env(&self.world.env).unwrap();
        let found = transcript::find(&config, id, workspace).unwrap();
        found.map(|found| found.path)
    }
}

struct Team {
    _database: SharedDatabase,
    _api: Api,
    workspace: tempfile::TempDir,
    ana: Machine,
    rui: Machine,
    project: ProjectId,
}

impl Team {
    fn new() -> Self {
        let database = SharedDatabase::new(Kind::ReplicaSet);
        let api = Api::start();
        let workspace = tempfile::tempdir().unwrap();
        let [ana, rui] =
            ["ana", "rui"].map(|user| Machine::new(&database.uri(), user, &api, workspace.path()));
        let project = ana.world.sessions.open_folder(workspace.path()).unwrap().id;
        Self {
            _database: database,
            _api: api,
            workspace,
            ana,
            rui,
            project,
        }
    }

    fn lease(&self) -> Option<Lease> {
        self.ana.store.lease(self.project).unwrap()
    }

    fn workspace(&self) -> String {
        let path = self.workspace.path().canonicalize().unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Has ana talk and end, and returns the conversation's id.
    fn said_by_ana(&self) -> ClaudeSessionId {
        self.ana.start(self.project, None);
        self.ana.say(self.project, "hello");
        self.ana.end(self.project);
        self.ana.keep_leases();
        assert_eq!(self.lease(), None);
        self.ana.stored(self.project).id().unwrap().clone()
    }

    /// Takes ana's transcript to rui's machine, as a person may do it.
    fn copy_transcript(&self, id: &ClaudeSessionId) {
        let from = self.ana.transcript(id, &self.workspace()).unwrap();
        let home = self.ana.world.path("home");
        let to = self
            .rui
            .world
            .path("home")
            .join(from.strip_prefix(home).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    }
}

#[test]
fn who_has_the_session_live_is_seen_by_the_others_who_are_asked_first() {
    let team = Team::new();
    let status = team.ana.start(team.project, None);
    let lease = team.lease().unwrap();
    assert_eq!(&lease.holder, team.ana.store.machine());
    assert_eq!(lease.pid, status.program_pid);
    assert_eq!(lease.session_id, status.session_id);
    team.ana.say(team.project, "hello");

    let against = team.rui.refused(team.project);
    let seen = against.lease.clone().unwrap();
    assert_eq!((seen.holder.host, seen.holder.user), team.ana.name());
    assert_eq!(against.away, None);
    assert!(!against.can_go_on, "its transcript is not here");
    // Nothing is said for the person: trying again asks again, and a run is refused.
    let again = team.rui.outcome(team.project, Some(&StartChoice::TryAgain));
    assert!(matches!(again, StartOutcome::CannotResume(_)), "{again:?}");
    let options = RunOptions {
        prompt: "go on".into(),
        permission_mode: "plan".into(),
        about: None,
    };
    let run = team
        .rui
        .world
        .sessions
        .start_unattended(team.project, &options, SIZE);
    let refusal = match run.unwrap() {
        RunOutcome::Refused(refusal @ RunRefusal::CannotResume(_)) => refusal.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(refusal.contains("ana"), "{refusal}");
    // For the window's lists it is heard once and then known.
    team.rui.store.listen().unwrap();
    let shown = team.rui.store.project(team.project).unwrap().unwrap();
    let elsewhere = team
        .rui
        .world
        .sessions
        .elsewhere(std::slice::from_ref(&shown));
    assert!(elsewhere[&team.project].live);
    assert_eq!(elsewhere[&team.project].machine, *team.ana.store.machine());
    assert!(team.ana.world.sessions.elsewhere(&[shown]).is_empty());

    // It is renewed as long as the session lives, and let go of when it ends.
    assert_eq!(team.ana.keep_leases(), []);
    let renewed = team.lease().unwrap();
    assert_eq!(renewed.since, lease.since);
    assert!(renewed.expires > lease.expires);
    team.ana.end(team.project);
    team.ana.keep_leases();
    assert_eq!(team.lease(), None);
}

#[test]
fn a_conversation_of_another_machine_is_shown_with_where_it_is_and_not_resumed_blindly() {
    let team = Team::new();
    let id = team.said_by_ana();
    let against = team.rui.refused(team.project);
    assert_eq!(against.lease, None);
    let place = against.transcript.unwrap();
    assert_eq!((place.machine.host, place.machine.user), team.ana.name());
    let age = Timestamp::now().duration_since(place.last_active);
    assert!(age < jiff::SignedDuration::from_mins(5), "{age}");
    assert!(!against.can_go_on);
    assert_eq!(team.lease(), None, "who did not start holds nothing");
    // On the machine itself it goes on as ever.
    team.ana.start(team.project, None);
    team.ana.end(team.project);
    team.ana.keep_leases();

    // A new conversation can be begun, and the old one is not lost.
    team.rui.refused(team.project);
    team.rui.start(team.project, Some(&StartChoice::StartFresh));
    team.rui.say(team.project, "hi");
    let new = team.rui.stored(team.project).id().unwrap().clone();
    assert_ne!(new, id);
    let lineage = team.rui.store.lineage(team.project).unwrap();
    assert!(lineage.iter().any(|row| row.session_id == id));
    let place = team.ana.store.transcript(&new).unwrap().unwrap();
    assert_eq!(&place.machine, team.rui.store.machine());
}

#[test]
fn a_copy_of_the_transcript_is_gone_on_with_when_the_person_says_so() {
    let team = Team::new();
    let id = team.said_by_ana();
    team.copy_transcript(&id);
    // Without having been asked it is not, whatever is chosen.
    let unasked = team.rui.outcome(team.project, Some(&StartChoice::TryAgain));
    assert!(
        matches!(unasked, StartOutcome::CannotResume(_)),
        "{unasked:?}"
    );
    assert!(team.rui.refused(team.project).can_go_on);
    team.rui
        .start(team.project, Some(&StartChoice::StartAnyway));
    team.rui.say(team.project, "and now");
    assert_eq!(
        team.rui.stored(team.project),
        CurrentSessionId::Set(id.clone())
    );
    let place = team.ana.store.transcript(&id).unwrap().unwrap();
    assert_eq!(&place.machine, team.rui.store.machine());
    team.rui.end(team.project);
    team.rui.keep_leases();
    // Now it is ana's that is the older one.
    let against = team.ana.refused(team.project);
    assert_eq!(
        against.transcript.unwrap().machine,
        *team.rui.store.machine()
    );
    assert!(against.can_go_on);
}

#[test]
fn a_session_that_is_live_elsewhere_is_started_here_only_in_view_of_just_that() {
    let team = Team::new();
    let id = team.said_by_ana();
    team.copy_transcript(&id);
    team.ana.start(team.project, None);
    assert!(team.rui.refused(team.project).lease.is_some());
    team.rui
        .start(team.project, Some(&StartChoice::StartAnyway));
    let lost = team.ana.keep_leases();
    assert_eq!(lost.len(), 1);
    assert_eq!(&lost[0].holder, team.rui.store.machine());
    // Hers goes on, and has the lease again when the other lets go of it.
    team.ana.say(team.project, "still here");
    team.rui.end(team.project);
    team.rui.keep_leases();
    assert_eq!(team.ana.keep_leases(), []);
    assert_eq!(&team.lease().unwrap().holder, team.ana.store.machine());
}

#[test]
fn the_lease_of_an_app_that_was_killed_ends_by_itself_and_tells_until_when() {
    let team = Team::new();
    team.ana.start(team.project, None);
    team.ana.say(team.project, "hello");
    // Nobody renews it and nothing was folded, as after a crash of machine and app.
    let last = team.lease().unwrap();
    let against = wait_for("the end of the lease", || {
        let against = team.rui.refused(team.project);
        against.lease.is_none().then_some(against)
    });
    let place = against.transcript.unwrap();
    assert_eq!(&place.machine, team.ana.store.machine());
    assert_eq!(place.last_active, last.expires);
    assert_eq!(&team.lease().unwrap().holder, team.ana.store.machine());
}

#[test]
fn of_two_machines_that_start_at_once_one_has_the_session() {
    let team = Team::new();
    let live = std::thread::scope(|scope| {
        let starts = [&team.ana, &team.rui]
            .map(|machine| scope.spawn(|| machine.outcome(team.project, None)));
        starts.map(|start| matches!(start.join().unwrap(), StartOutcome::Live(_)))
    });
    assert_eq!(live.iter().filter(|live| **live).count(), 1, "{live:?}");
    let winner = if live[0] { &team.ana } else { &team.rui };
    assert_eq!(&team.lease().unwrap().holder, winner.store.machine());
    let lineage = winner.store.lineage(team.project).unwrap();
    assert_eq!(lineage.len(), 1, "{lineage:?}");
}

#[test]
fn while_the_server_is_away_a_first_session_starts_and_another_asks_first() {
    let mut server = Server::start(Kind::ReplicaSet);
    let api = Api::start();
    let (used, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ana = Machine::new(&server.uri("team"), "ana", &api, used.path());
    let settings = real_claude::settings(&[used.path(), new.path()]);
    std::fs::write(ana.world.path("home/.claude.json"), settings).unwrap();
    let sessions = &ana.world.sessions;
    let [used, new] = [&used, &new].map(|folder| sessions.open_folder(folder.path()).unwrap().id);
    ana.start(used, None);
    ana.say(used, "hello");
    ana.end(used);
    ana.keep_leases();
    ana.store.projects().unwrap();
    server.kill();

    let from = Instant::now();
    let against = ana.refused(used);
    assert!(
        from.elapsed() < Duration::from_secs(10),
        "{:?}",
        from.elapsed()
    );
    let away = against.away.unwrap();
    assert_eq!(away.fault, ServerFault::Refused, "{away}");
    assert!(against.can_go_on);
    ana.start(used, Some(&StartChoice::StartAnyway));
    ana.is_idle(used);
    // One without an id has nobody to share it with yet; its id waits.
    ana.start(new, None);
    ana.is_idle(new);
    let waiting = ana.store.waiting().unwrap();
    assert!(waiting.iter().all(|it| it.project == new), "{waiting:?}");
    let is_id = |it: &WaitingChange| matches!(it.what, WaitingWhat::SessionId { .. });
    assert!(waiting.iter().any(is_id), "{waiting:?}");
    assert!(sessions.keep_leases().is_err());

    server.restart();
    wait_for("what waits to arrive", || {
        ana.store.apply_waiting().unwrap();
        ana.store.waiting().unwrap().is_empty().then_some(())
    });
    ana.keep_leases();
    for project in [used, new] {
        let id = ana.stored(project).id().unwrap().clone();
        let lease = ana.store.server().lease(project).unwrap().unwrap();
        assert_eq!(
            (&lease.holder, lease.session_id),
            (ana.store.machine(), Some(id.clone()))
        );
        let place = ana.store.server().transcript(&id).unwrap().unwrap();
        assert_eq!(&place.machine, ana.store.machine());
    }
}
