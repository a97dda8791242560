//! What a host learns of its claude beyond the bytes: the host knows terminals, the core's
//! `claude` knows Claude Code, and here the two are brought together.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reprise_core::claude::config::ConfigDir;
use reprise_core::claude::follow::{FollowStart, Followed, Follower};
use reprise_core::claude::hooks::{HookEvent, HookReport};
use reprise_core::claude::said::Awaited;
use reprise_core::claude::{kept, prompt, transcript};
use reprise_core::model::{ClaudeSessionId, as_taken};
use reprise_core::planning::{Phases, is_new_milestone};
use reprise_core::session::host::{Companion, HostSession, HostSpec, Learned, Observation};
use tokio::sync::mpsc;

/// How often a transcript that is in use is looked after: a copy grows, a replaced original
/// is linked again. Where a hard link is possible nothing is written.
const KEEP_EVERY: Duration = Duration::from_secs(60);
/// How often the transcript is read for a text that was typed and of which no hook told.
const LOOK_FOR_PROMPT_EVERY: Duration = Duration::from_millis(200);
/// After this time without an answer it is read less often, and how often then.
const SOON: Duration = Duration::from_secs(10);
const LOOK_LATER: Duration = Duration::from_secs(3);
/// The most texts that are looked for at a time.
const MAX_AWAITED: usize = 8;
/// The CLI tells a new state a moment before what led to it is in the transcript.
const KEEP_AFTER_CHANGE: Duration = Duration::from_secs(1);

/// What is needed to follow a claude.
#[derive(Debug)]
pub struct Brief {
    config: ConfigDir,
    session: HostSession,
    workspace: String,
    kept: PathBuf,
    kept_phases: PathBuf,
}

impl Brief {
    /// The brief of a host that runs claude; none for a shell.
    pub fn of(spec: &HostSpec) -> Option<Self> {
        Some(Self {
            config: ConfigDir::of_env(&spec.program.env)?,
            session: spec.session.clone()?,
            workspace: spec.program.cwd.to_string_lossy().into_owned(),
            kept: spec.kept_transcripts.clone(),
            kept_phases: spec.kept_phases.clone(),
        })
    }
}

/// Starts to follow the claude that runs as `program_pid`.
pub fn start(brief: Brief, program_pid: u32) -> Companion {
    let (observations, observed) = mpsc::unbounded_channel();
    let (learning, learned) = mpsc::unbounded_channel();
    tokio::spawn(follow(brief, program_pid, observed, learning));
    Companion {
        read_prompt: prompt::read,
        observations,
        learned,
    }
}

async fn follow(
    brief: Brief,
    program_pid: u32,
    mut observed: mpsc::UnboundedReceiver<Observation>,
    learning: mpsc::UnboundedSender<Learned>,
) {
    let mut follower = Follower::new(FollowStart {
        config: brief.config.clone(),
        child: program_pid,
        session_id: brief.session.id.clone(),
        source: brief.session.source,
        message_sent: brief.session.message_sent,
    });
    let mut known = follower.current().clone();
    let mut keeping = tokio::time::interval(KEEP_EVERY);
    let mut awaited = Vec::<Awaited>::new();
    let mut awaited_since = Instant::now();
    // The command of the queue before which the phases were copied.
    let mut copied_before = None::<String>;
    let mut looking = tokio::time::interval(LOOK_FOR_PROMPT_EVERY);
    looking.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // Whatever cannot be told to the host ends with it.
    let tell = |what: Learned| {
        let _ = learning.send(what);
    };
    loop {
        tokio::select! {
            now = follower.next() => {
                let lost_sight_of = take_in(&mut known, now, &tell);
                keep(&brief, lost_sight_of, &tell).await;
                keep_current(&brief, &known, &tell).await;
                keeping.reset_after(KEEP_AFTER_CHANGE);
            }
            _ = looking.tick(), if !awaited.is_empty() => {
                for said in look_for_prompts(&brief, &known.session_id, &mut awaited).await {
                    tell(Learned::Prompted(said));
                }
                if awaited_since.elapsed() >= SOON {
                    looking.reset_after(LOOK_LATER);
                }
            }
            _ = keeping.tick() => keep_current(&brief, &known, &tell).await,
            observation = observed.recv() => match observation {
                Some(Observation::Hook(input)) => {
                    match follower.hook(&input) {
                        Ok(HookReport {
                            event: HookEvent::UserPromptSubmit { prompt },
                            ..
                        }) => {
                            awaited.retain(|awaited| awaited.text() != as_taken(&prompt));
                            // First that it works: nobody takes it for idle once it has this.
                            let mut lost_sight_of = None;
                            while let Some(now) = follower.look() {
                                lost_sight_of = take_in(&mut known, now, &tell).or(lost_sight_of);
                            }
                            if copied_before.take() != Some(as_taken(&prompt)) {
                                copy_phases(&brief, &prompt, &learning);
                            }
                            tell(Learned::Prompted(prompt));
                            keep(&brief, lost_sight_of, &tell).await;
                        }
                        Ok(_) => {}
                        Err(ignored) => tell(Learned::IgnoredHook(ignored.to_string())),
                    }
                }
                Some(Observation::Sending { text, at }) => {
                    copy_phases(&brief, &text, &learning);
                    copied_before = Some(as_taken(&text));
                    if awaited.len() >= MAX_AWAITED {
                        awaited.remove(0);
                    }
                    awaited.push(Awaited::new(text, at));
                    awaited_since = Instant::now();
                    looking.reset();
                }
                Some(Observation::Title(title)) => follower.title(&title),
                Some(Observation::Ended(exit)) => {
                    // Its file may hold a change that nobody has been told of.
                    follower.ended(exit);
                    let now = follower.current().clone();
                    for learned in differences(&known, &now) {
                        tell(learned);
                    }
                    keep_current(&brief, &now, &tell).await;
                    return;
                }
                None => return,
            },
        }
    }
}

/// Tells the host what changed. Returns the conversation that was left, where something was
/// said in it.
fn take_in(
    known: &mut Followed,
    now: Followed,
    tell: &impl Fn(Learned),
) -> Option<ClaudeSessionId> {
    for learned in differences(known, &now) {
        tell(learned);
    }
    let before = std::mem::replace(known, now);
    (before.session_id != known.session_id && before.message_sent).then_some(before.session_id)
}

/// What the host is to be told, in order.
fn differences(before: &Followed, now: &Followed) -> Vec<Learned> {
    let mut learned = Vec::new();
    if let Some(process) = now.claude.filter(|process| before.claude != Some(*process)) {
        learned.push(Learned::ClaudeProcess(process.pid));
    }
    if now.session_id != before.session_id {
        learned.push(Learned::SessionId {
            id: now.session_id.clone(),
            source: now.source,
            message_sent: now.message_sent,
        });
    } else if now.message_sent && !before.message_sent {
        learned.push(Learned::MessageSent(now.session_id.clone()));
    }
    // Before the state: nothing is typed into a conversation that is about to be another.
    if now.leaves != before.leaves {
        learned.push(Learned::Leaves(now.leaves));
    }
    // Before the state: who sees an idle must see whether it is the end of the work.
    if now.background != before.background {
        learned.push(Learned::Background(now.background));
    }
    if now.ask != before.ask {
        learned.push(Learned::Ask(now.ask.clone()));
    }
    if now.state != before.state {
        learned.push(Learned::State(now.state.clone()));
    }
    learned
}

async fn keep_current(brief: &Brief, known: &Followed, tell: &impl Fn(Learned)) {
    let used = known.message_sent.then(|| known.session_id.clone());
    keep(brief, used, tell).await;
}

/// Links the transcript into our folder, so that the CLI's sweep of old ones loses nothing.
async fn keep(brief: &Brief, id: Option<ClaudeSessionId>, tell: &impl Fn(Learned)) {
    let Some(id) = id else {
        return;
    };
    let (config, workspace, folder) = (
        brief.config.clone(),
        brief.workspace.clone(),
        brief.kept.clone(),
    );
    let kept = tokio::task::spawn_blocking(move || {
        // The CLI writes the transcript a moment after the first message.
        match transcript::find(&config, &id, &workspace) {
            Ok(Some(found)) if found.bytes > 0 => kept::keep(&found.path, &folder).map(drop),
            _ => Ok(()),
        }
    })
    .await;
    match kept {
        Ok(Ok(())) | Err(_) | Ok(Err(kept::KeepError::NotUsable(_))) => {}
        Ok(Err(error)) => tell(Learned::Trouble(Some(format!(
            "the conversation's transcript could not be kept safe: {error}"
        )))),
    }
}

/// Copies the plan's phases before a command that may delete them. They may have changed since
/// it was put into the queue, and one that a person types was in none. The command itself goes
/// on: the model is asked before anything is deleted.
fn copy_phases(brief: &Brief, command: &str, learning: &mpsc::UnboundedSender<Learned>) {
    if !is_new_milestone(command) {
        return;
    }
    let phases = Phases::new(Path::new(&brief.workspace), &brief.kept_phases);
    let learning = learning.clone();
    tokio::task::spawn_blocking(move || {
        if let Err(error) = phases.back_up_if_changed(Timestamp::now()) {
            let _ = learning.send(Learned::Trouble(Some(format!(
                "the plan's phases could not be copied: {error}"
            ))));
        }
    });
}

/// The awaited texts that the transcript has now. They are awaited no longer, and neither are
/// others that are equal: one line is one text's.
async fn look_for_prompts(
    brief: &Brief,
    id: &ClaudeSessionId,
    awaited: &mut Vec<Awaited>,
) -> Vec<String> {
    let mut looking = std::mem::take(awaited);
    let (config, workspace, id) = (brief.config.clone(), brief.workspace.clone(), id.clone());
    let looked = tokio::task::spawn_blocking(move || {
        let mut said = Vec::<String>::new();
        for awaited in &mut looking {
            let text = awaited.text();
            if !said.iter().any(|said| said == text)
                && awaited.has_arrived(&config, &id, &workspace)
            {
                said.push(awaited.text().to_owned());
            }
        }
        looking.retain(|awaited| !said.iter().any(|said| said == awaited.text()));
        (looking, said)
    });
    match looked.await {
        Ok((looking, said)) => {
            *awaited = looking;
            said
        }
        Err(_) => Vec::new(),
    }
}
