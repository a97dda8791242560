//! `reprise-session run`: the program in the terminal of an unattended run. It starts
//! `claude -p` over pipes, keeps every line of its stream, shows its progress on the terminal
//! that it has, and tells the host.
//!
//! It does not outlive its host, whose end closes the terminal; claude does not outlive this
//! process, whose end is a signal to it ([`bound`]).

pub mod bound;
mod log;
mod progress;
mod reporter;

use std::io::{self, Write};
use std::path::Path;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use reprise_core::session::unattended::RunPlan;
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;

use log::Log;
use progress::Progress;
use reporter::Reporter;

/// How long claude may take to end once it was asked to. The host gives this process less
/// than twice that.
const ENDING_PATIENCE: Duration = Duration::from_secs(5);
/// A process that claude left behind may hold its output open this long.
const LAST_WORDS: Duration = Duration::from_millis(500);
const READ_BYTES: usize = 64 * 1024;
/// Of a line that is longer, only the log has the rest.
const MAX_LINE_BYTES: usize = reprise_core::claude::stream::MAX_LINE_BYTES + 1;

/// Runs the plan in this file, which is taken away. The exit code is claude's.
pub fn run(plan: &Path) -> ExitCode {
    match try_run(plan) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            show(&format!(
                "\x1b[31mThe run could not be started: {error}\x1b[0m\n"
            ));
            ExitCode::FAILURE
        }
    }
}

fn try_run(file: &Path) -> io::Result<u8> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
    let plan: RunPlan = serde_json::from_slice(&std::fs::read(file).map_err(named)?)?;
    std::fs::remove_file(file).map_err(named)?;
    take_no_keys();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(follow(plan))
}

/// What is typed here reaches nobody: it is not shown, and no key ends the run by accident.
fn take_no_keys() {
    let stdin = rustix::stdio::stdin();
    if let Ok(mut modes) = tcgetattr(stdin) {
        modes.local_modes -= LocalModes::ECHO | LocalModes::ISIG | LocalModes::ICANON;
        let _ = tcsetattr(stdin, OptionalActions::Now, &modes);
    }
}

async fn follow(plan: RunPlan) -> io::Result<u8> {
    let mut progress = Progress::new(&plan);
    show(&progress.take_text());
    let reporter = Reporter::start(plan.lock.clone());
    let code = match run_claude(plan, &mut progress, &reporter).await {
        Ok(code) => code,
        Err(error) => {
            progress.not_started(&error);
            1
        }
    };
    show(&progress.take_text());
    reporter.tell(progress.report());
    reporter.finish().await;
    Ok(code)
}

/// Starts claude and follows it to its end. Returns its exit code.
async fn run_claude(plan: RunPlan, progress: &mut Progress, reporter: &Reporter) -> io::Result<u8> {
    // Before claude is there: a signal in between must not be lost.
    let mut asked = [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
    ]
    .map(signal)
    .into_iter()
    .collect::<io::Result<Vec<_>>>()?;
    let mut log = Log::open(plan.spec.log.as_ref())?;
    let mut claude = bound::command(&plan.program, &plan.args)?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    progress.started(claude.id());
    reporter.tell(progress.report());
    let prompt = claude
        .stdin
        .take()
        .map(|stdin| tokio::spawn(write_prompt(stdin, plan.prompt)));
    let mut stdout = Lines::of(claude.stdout.take());
    let mut stderr = Lines::of(claude.stderr.take());
    let mut kill_at = None::<Instant>;
    let mut ended = None::<(ExitStatus, Instant)>;
    while ended.is_none() || stdout.is_open() || stderr.is_open() {
        let give_up_at = ended.map(|(_, at)| at + LAST_WORDS);
        tokio::select! {
            line = stdout.next(), if stdout.is_open() => if let Some(line) = line {
                log.stream_line(&line);
                progress.line(&line);
            },
            line = stderr.next(), if stderr.is_open() => if let Some(line) = line {
                log.complaint(&line);
                progress.complaint(&line);
            },
            status = claude.wait(), if ended.is_none() => ended = Some((status?, Instant::now())),
            () = any(&mut asked) => if kill_at.is_none() && ended.is_none() {
                terminate(&claude, Signal::TERM);
                kill_at = Some(Instant::now() + ENDING_PATIENCE);
            },
            () = until(kill_at), if ended.is_none() => {
                terminate(&claude, Signal::KILL);
                kill_at = None;
            }
            () = until(give_up_at) => break,
        }
        show(&progress.take_text());
        reporter.tell(progress.report());
    }
    if let Some(prompt) = prompt {
        prompt.abort();
    }
    let (code, signal) = ended.map_or((1, None), |(status, _)| of_status(status));
    progress.ended(code, signal);
    if let Some(trouble) = log.trouble() {
        progress.note(&trouble);
    }
    Ok(code)
}

/// What is longer than a pipe takes is read by claude in its own time.
async fn write_prompt(mut stdin: ChildStdin, prompt: String) {
    // One that ends without reading it says why by itself.
    let _ = stdin.write_all(prompt.as_bytes()).await;
    let _ = stdin.shutdown().await;
}

/// Returns when one of these signals has come.
async fn any(signals: &mut [tokio::signal::unix::Signal]) {
    let [terminate, hangup, interrupt] = signals else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Signals claude's own process: it ends its tools itself. A process that is gone already is
/// what was wanted.
fn terminate(claude: &Child, signal: Signal) {
    let pid = claude.id().and_then(|pid| i32::try_from(pid).ok());
    if let Some(pid) = pid.and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// The exit code as a shell says it, and the signal.
fn of_status(status: ExitStatus) -> (u8, Option<i32>) {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => (u8::try_from(code).unwrap_or(u8::MAX), None),
        (None, signal) => {
            let number = signal.unwrap_or(0);
            (u8::try_from(128 + number).unwrap_or(u8::MAX), signal)
        }
    }
}

/// Writes onto the terminal. When the host is gone nobody reads, and that ends nothing here:
/// the hangup does.
fn show(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// The lines of a pipe, each bounded.
struct Lines<R> {
    pipe: Option<R>,
    piece: Vec<u8>,
    buffer: Vec<u8>,
    /// How much of the buffer is known to hold no end of a line.
    searched: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn of(pipe: Option<R>) -> Self {
        Self {
            pipe,
            piece: vec![0; READ_BYTES],
            buffer: Vec::new(),
            searched: 0,
        }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some() || !self.buffer.is_empty()
    }

    /// The next line without its end, or what came after the last one; a longer one in parts
    /// of [`MAX_LINE_BYTES`]. Nothing is lost when the future is dropped.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let end = self.buffer[self.searched..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map(|end| self.searched + end);
            if let Some(end) = end {
                let rest = self.buffer.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.truncate(end);
                self.searched = 0;
                return Some(line);
            }
            self.searched = self.buffer.len();
            let Some(pipe) = &mut self.pipe else {
                self.searched = 0;
                return Some(std::mem::take(&mut self.buffer)).filter(|line| !line.is_empty());
            };
            if self.buffer.len() >= MAX_LINE_BYTES {
                self.searched = 0;
                return Some(std::mem::take(&mut self.buffer));
            }
            match pipe.read(&mut self.piece).await {
                Ok(0) | Err(_) => self.pipe = None,
                Ok(n) => self.buffer.extend_from_slice(&self.piece[..n]),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn lines_come_whole_whatever_pieces_they_were_written_in() {
        let (mut pipe, reader) = tokio::io::duplex(16);
        let long = "x".repeat(100_000);
        let text = format!("one\n\n{long}\nlast");
        let writing = tokio::spawn(async move { pipe.write_all(text.as_bytes()).await });
        let mut lines = Lines::of(Some(reader));
        let mut all = Vec::new();
        while lines.is_open() {
            all.extend(lines.next().await);
        }
        writing.await.unwrap().unwrap();
        let all: Vec<String> = all
            .into_iter()
            .map(|line| String::from_utf8(line).unwrap())
            .collect();
        assert_eq!(all, ["one", "", long.as_str(), "last"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_line_without_an_end_is_taken_in_parts() {
        let mut lines = Lines::of(Some(tokio::io::repeat(b'x')));
        let part = lines.next().await.unwrap();
        assert!(part.len() >= MAX_LINE_BYTES && part.len() < MAX_LINE_BYTES + 2 * READ_BYTES);
        assert!(lines.buffer.is_empty());
    }

    #[test]
    fn an_exit_is_told_as_a_shell_tells_it() {
        use std::os::unix::process::ExitStatusExt;
        assert_eq!(of_status(ExitStatus::from_raw(3 << 8)), (3, None));
        assert_eq!(of_status(ExitStatus::from_raw(9)), (137, Some(9)));
    }
}
