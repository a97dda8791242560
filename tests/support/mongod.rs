//! MongoDB's real server, for every test binary (each includes this file by its path).

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mongodb::bson::{Document, doc};
use mongodb::{Client, Database};
use rustix::fs::{FlockOperation, flock};

/// How a server is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A replica set with one member: change streams, retryable writes.
    ReplicaSet,
    /// As a single server is installed.
    Standalone,
}

/// A starting server has this long, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server that `.ci/setup.sh` installs.
///
/// # Panics
/// Where it is missing and cannot be installed: no test of the store is ever skipped.
pub fn program() -> PathBuf {
    let program = repository().join("target/tools/bin/mongod");
    if !program.exists() {
        let setup = repository().join(".ci/setup.sh");
        let status = Command::new(setup).arg("core").status().unwrap();
        assert!(
            status.success() && program.exists(),
            "MongoDB's server is missing ({}): `.ci/setup.sh core` installs it",
            program.display()
        );
    }
    program
}

/// The packages that include this lie at different depths in it.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find(|folder| folder.join(".ci/setup.sh").exists())
        .unwrap()
        .to_owned()
}

fn arguments(kind: Kind, port: u16) -> Vec<String> {
    let mut arguments: Vec<_> = "--bind_ip 127.0.0.1 --nounixsocket --wiredTigerCacheSizeGB 0.25 \
         --networkMessageCompressors disabled --setParameter diagnosticDataCollectionEnabled=false \
         --setParameter enableTestCommands=1 \
         --wiredTigerEngineConfigString log=(prealloc=false,file_max=8MB)"
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    arguments.extend(["--port".to_owned(), port.to_string()]);
    if kind == Kind::ReplicaSet {
        arguments.extend(["--replSet", "rs0", "--oplogSize", "64"].map(str::to_owned));
    }
    arguments
}

/// Waits until the server says where it listens.
fn port(log: &Path) -> u16 {
    let from = Instant::now();
    loop {
        let text = fs::read_to_string(log).unwrap_or_default();
        let listening = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .find(|line| line["msg"] == "Waiting for connections");
        if let Some(port) = listening.and_then(|line| line["attr"]["port"].as_u64()) {
            return port.try_into().unwrap();
        }
        assert!(from.elapsed() < PATIENCE, "mongod does not start:\n{text}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Makes a new server a replica set of one, waits until it takes writes, and returns the way to
/// it, to be completed by [`with_database`].
fn ready(kind: Kind, port: u16) -> String {
    let direct = format!("mongodb://127.0.0.1:{port}/?directConnection=true");
    if kind == Kind::Standalone {
        return format!("mongodb://127.0.0.1:{port}/?");
    }
    run(&direct, async |client| {
        let admin = client.database("admin");
        let member = doc! { "_id": 0, "host": format!("127.0.0.1:{port}") };
        let initiate = doc! { "replSetInitiate": { "_id": "rs0", "members": [member] } };
        // Refused where it was done already, by a process that was ended before it could say so.
        let _ = admin.run_command(initiate).await;
        let from = Instant::now();
        loop {
            let hello = admin.run_command(doc! { "hello": 1 }).await.unwrap();
            if matches!(hello.get_bool("isWritablePrimary"), Ok(true)) {
                break;
            }
            assert!(from.elapsed() < PATIENCE, "no primary: {hello}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    format!("mongodb://127.0.0.1:{port}/?replicaSet=rs0")
}

/// The connection string with the name of a database.
pub fn with_database(uri: &str, database: &str) -> String {
    uri.replacen("/?", &format!("/{database}?"), 1)
}

/// Works on a server past the store, as another program would.
pub fn run<T>(uri: &str, work: impl AsyncFnOnce(Client) -> T) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = Client::with_uri_str(uri).await.unwrap();
        work(client).await
    })
}

/// The same on the database that the connection string names.
pub fn run_on<T>(uri: &str, work: impl AsyncFnOnce(Database) -> T) -> T {
    run(uri, async |client| {
        work(client.default_database().unwrap()).await
    })
}

/// A database of its own on a server that all test processes share; dropped with this.
pub struct SharedDatabase {
    uri: String,
    name: String,
    /// Locked, so that the server stays.
    _users: File,
}

impl SharedDatabase {
    pub fn new(kind: Kind) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(match kind {
            Kind::ReplicaSet => "mongod-replica-set",
            Kind::Standalone => "mongod-standalone",
        });
        fs::create_dir_all(&folder).unwrap();
        let users = lock_file(&folder.join("users"));
        flock(&users, FlockOperation::LockShared).unwrap();
        let uri = shared_server(kind, &folder);
        Self {
            uri,
            name: format!("test-{}", mongodb::bson::oid::ObjectId::new()),
            _users: users,
        }
    }

    pub fn uri(&self) -> String {
        with_database(&self.uri, &self.name)
    }
}

impl Drop for SharedDatabase {
    fn drop(&mut self) {
        run_on(&self.uri(), async |database| {
            // The server may be gone, and everything with it.
            let _ = database.drop().await;
        });
    }
}

fn lock_file(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap()
}

/// The way to the server of a folder, which is started where none serves. Call it with `users`
/// locked.
fn shared_server(kind: Kind, folder: &Path) -> String {
    let start = lock_file(&folder.join("start"));
    flock(&start, FlockOperation::LockExclusive).unwrap();
    let uri = folder.join("uri");
    let serves = || {
        let serving = lock_file(&folder.join("serving"));
        flock(&serving, FlockOperation::NonBlockingLockShared).is_err()
    };
    let mut from = None;
    loop {
        if serves() {
            if let Ok(uri) = fs::read_to_string(&uri) {
                return uri;
            }
            // A process that was ended while it waited for it leaves it without the file.
            if from.is_some() || fs::metadata(folder.join("log")).is_ok() {
                let way = ready(kind, port(&folder.join("log")));
                fs::write(folder.join("uri.new"), &way).unwrap();
                fs::rename(folder.join("uri.new"), &uri).unwrap();
                return way;
            }
        } else if from.is_none() {
            let program = program();
            let _ = fs::remove_file(&uri);
            let _ = fs::remove_file(folder.join("log"));
            let mut script = Command::new(repository().join("tests/support/shared-mongod.sh"))
                .arg(folder)
                .arg(program)
                .args(arguments(kind, 0))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(folder.join("errors")).unwrap())
                // What ends this test's processes as a group does not end the others' server.
                .process_group(0)
                .spawn()
                .unwrap();
            std::thread::spawn(move || script.wait());
            from = Some(Instant::now());
        }
        let errors = || fs::read_to_string(folder.join("errors")).unwrap_or_default();
        let waited = from.get_or_insert_with(Instant::now).elapsed();
        assert!(waited < PATIENCE, "no server starts: {}", errors());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A server for one test alone, which may do to it what it likes; it ends with the test.
#[allow(dead_code)]
pub struct Server {
    folder: tempfile::TempDir,
    child: Child,
    kind: Kind,
    extra: Vec<String>,
    port: u16,
    uri: String,
}

#[allow(dead_code)]
impl Server {
    pub fn start(kind: Kind) -> Self {
        let mut server = Self::unconfigured(kind, &[]);
        server.uri = ready(kind, server.port);
        server
    }

    /// Starts one with further arguments and says nothing to it yet.
    pub fn unconfigured(kind: Kind, extra: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let extra: Vec<_> = extra.iter().map(|&it| it.to_owned()).collect();
        let child = Self::spawn(folder.path(), kind, &extra, 0);
        let port = port(&folder.path().join("log"));
        Self {
            uri: format!("mongodb://127.0.0.1:{port}/?"),
            folder,
            child,
            kind,
            extra,
            port,
        }
    }

    fn spawn(folder: &Path, kind: Kind, extra: &[String], port: u16) -> Child {
        let _ = fs::remove_file(folder.join("log"));
        Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program())
            .args(arguments(kind, port))
            .args(extra)
            .arg("--dbpath")
            .arg(folder.join("data"))
            .arg("--logpath")
            .arg(folder.join("log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// The way to a database on it.
    pub fn uri(&self, database: &str) -> String {
        with_database(&self.uri, database)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on its data and its port, after [`Server::kill`].
    pub fn restart(&mut self) {
        self.child = Self::spawn(self.folder.path(), self.kind, &self.extra, self.port);
        assert_eq!(port(&self.folder.path().join("log")), self.port);
    }

    /// Runs a command on the database `admin`, whether the server is a primary or not.
    pub fn admin(&self, command: Document) -> Document {
        let uri = format!("mongodb://127.0.0.1:{}/?directConnection=true", self.port);
        run(&uri, async |client| {
            client.database("admin").run_command(command).await.unwrap()
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
