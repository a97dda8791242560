//! Work for processes of their own. The test binary starts itself again with a task in its
//! environment; the one test in here is where such a child begins.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Barrier;

use reprise_core::model::{ClaudeSessionId, CurrentSessionId, LineageEntry, SessionSource};
use reprise_core::store::{Following, MongoStore, ReplaceOutcome, SaveOutcome, SqliteStore, Store};

use crate::contract::{new_project, time};

const TASK: &str = "REPRISE_STORE_TEST_TASK";
const DATABASE: &str = "REPRISE_STORE_TEST_DATABASE";
/// Tells a child's words from those of the test harness around it.
const MARK: &str = "@@ ";

/// What a child does. It says `ready` first and begins at [`Child::go`].
#[derive(Clone, Copy)]
pub enum Task {
    /// Opens the database, says what came of it, and creates a project for `/w/<pid>`.
    Open,
    /// Has opened it before it is ready; saves ten different ids for the only project at once.
    SaveIds,
    /// Writes projects, ids and rows until it is killed, and says each that is written.
    Write,
    /// Changes session ids in a team's store until it is killed, and says each change that
    /// counts. The place is that of [`team_place`].
    ChangeIds,
}

impl Task {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::SaveIds => "save-ids",
            Self::Write => "write",
            Self::ChangeIds => "change-ids",
        }
    }
}

/// A child at work; it is killed with its owner.
pub struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts a child and waits until it is ready.
    pub fn start(task: Task, database: &Path) -> Self {
        Self::from_command(
            Command::new(std::env::current_exe().unwrap()),
            task,
            database,
        )
    }

    /// The same without root's rights, which know no read-only folder.
    pub fn start_unprivileged(task: Task, database: &Path, program: &Path) -> Self {
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        Self::from_command(command, task, database)
    }

    fn from_command(mut command: Command, task: Task, database: &Path) -> Self {
        let mut process = command
            .args(["--exact", "child::begins_here", "--nocapture"])
            .env(TASK, task.word())
            .env(DATABASE, database)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut child = Self {
            input: process.stdin.take().unwrap(),
            output: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        assert_eq!(child.line().as_deref(), Some("ready"));
        child
    }

    /// Lets it begin.
    pub fn go(&mut self) {
        self.input.write_all(b"go\n").unwrap();
    }

    /// What it says next; none when it is gone.
    pub fn line(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // A line that a kill cut short was not said.
            if let Some((_, said)) = line.split_once(MARK)
                && let Some(said) = said.strip_suffix('\n')
            {
                return Some(said.to_owned());
            }
        }
    }

    /// Everything it still says until it ends.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The user that children without rights run as, where the tests run as root.
pub const NOBODY: u32 = 65534;

#[test]
fn begins_here() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let database = PathBuf::from(std::env::var_os(DATABASE).unwrap());
    match task.as_str() {
        "open" => open(&database),
        "save-ids" => save_ids(&database),
        "write" => write(&database),
        "change-ids" => change_ids(&database),
        other => panic!("no task {other:?}"),
    }
}

/// A team's database, the machine's folder, and which part of the projects is meant: each
/// `parts`th, from `part` on.
pub fn team_place(uri: &str, machine: &Path, part: usize, parts: usize) -> PathBuf {
    format!("{uri} {} {part} {parts}", machine.display()).into()
}

fn change_ids(place: &Path) {
    let mut words = place.to_str().unwrap().split(' ');
    let mut word = || words.next().unwrap();
    let (uri, machine) = (word(), PathBuf::from(word()));
    let (part, parts): (usize, usize) = (word().parse().unwrap(), word().parse().unwrap());
    let store = crate::team::open(uri, &machine, Following::Yes);
    ready();
    let projects = store.projects().unwrap();
    loop {
        for project in projects.iter().skip(part).step_by(parts) {
            let current = store.project(project.id).unwrap().unwrap();
            let new = ClaudeSessionId::generate();
            let replaced = store.replace_session_id(
                project.id,
                &current.claude_session_id,
                &new,
                SessionSource::Clear,
                jiff::Timestamp::now(),
            );
            assert_eq!(replaced.unwrap(), ReplaceOutcome::Replaced);
            say(&format!("{} {new}", project.id));
        }
    }
}

fn say(words: &str) {
    println!("{MARK}{words}");
}

fn ready() {
    say("ready");
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line).unwrap() == 0 {
        std::process::exit(0);
    }
}

fn open(database: &Path) {
    ready();
    match SqliteStore::open(database, time(0)) {
        Ok(opened) => {
            say(match opened.set_aside {
                Some(_) => "set aside",
                None => "opened",
            });
            let folder = format!("/w/{}", std::process::id());
            opened
                .store
                .create_project(new_project(&folder, time(1)))
                .unwrap();
            say("created");
        }
        Err(error) => say(&format!("{error:?}")),
    }
}

/// The store at a path, or at a connection string in its place.
fn store(place: &Path) -> Box<dyn Store> {
    match place.to_str() {
        Some(uri) if uri.starts_with("mongodb:") => Box::new(MongoStore::open(uri).unwrap()),
        _ => Box::new(SqliteStore::open(place, time(0)).unwrap().store),
    }
}

fn save_ids(database: &Path) {
    let stores: Vec<_> = (0..10).map(|_| store(database)).collect();
    let project = stores[0].projects().unwrap()[0].id;
    ready();
    let start = Barrier::new(stores.len());
    std::thread::scope(|scope| {
        for store in &stores {
            scope.spawn(|| {
                let id = ClaudeSessionId::generate();
                start.wait();
                match store
                    .save_session_id_if_unset(project, &id, time(1))
                    .unwrap()
                {
                    SaveOutcome::Saved => say(&format!("saved {id}")),
                    SaveOutcome::AlreadySet(there) => {
                        say(&format!("set {}", there.id().unwrap()));
                    }
                    SaveOutcome::NoSuchProject => say("none"),
                }
            });
        }
    });
}

fn write(database: &Path) {
    let store = store(database);
    ready();
    for number in 0.. {
        let folder = format!("/w/{}/{number}", std::process::id());
        let project = store
            .create_project(new_project(&folder, time(number)))
            .unwrap()
            .into_project()
            .id;
        let [first, second] = [(); 2].map(|()| ClaudeSessionId::generate());
        store
            .save_session_id_if_unset(project, &first, time(number))
            .unwrap();
        store.mark_message_sent(project, &first).unwrap();
        store
            .replace_session_id(
                project,
                &CurrentSessionId::Set(first.clone()),
                &second,
                SessionSource::Clear,
                time(number + 1),
            )
            .unwrap();
        store
            .append_lineage(&LineageEntry {
                project,
                session_id: first.clone(),
                source: SessionSource::Unknown,
                parent: Some(second.clone()),
                at: time(number + 2),
                message_sent: false,
            })
            .unwrap();
        say(&format!("{project} {first} {second}"));
    }
}
