// Generated from src-tauri/app/dto by a test there. Do not edit.
/* eslint-disable */

/**
 * Everything the window needs for its first picture.
 */
export type Bootstrap = { 
/**
 * The list of projects, or a beginning of it with the one to show.
 */
projects: ProjectsUpdate, 
/**
 * What the person chose.
 */
preferences: Preferences, 
/**
 * The store in use, and how it is.
 */
store: StoreView, 
/**
 * Conditions the person should know of.
 */
notices: Array<Notice>, 
/**
 * The language to speak: the preference, else the system's.
 */
locale: Locale, 
/**
 * The system the app runs on.
 */
platform: Platform, 
/**
 * The person's home folder, to be shown as `~`.
 */
home: string, 
/**
 * Reprise's version.
 */
version: string, 
/**
 * Whether Claude Code can be started.
 */
claude: ClaudeCheck, 
/**
 * The project to show: the one named on the command line, else the last one.
 */
show: string | null, 
/**
 * The shell that was in front of a project last, where it was not claude, by the project's id.
 */
fronts: { [key in string]: string }, };

/**
 * A language the window speaks.
 */
export type Locale = "en" | "pt-BR";

/**
 * The system the app runs on; shortcuts differ.
 */
export type Platform = "linux" | "mac" | "windows";

/**
 * What was found when Claude Code was looked for.
 */
export type ClaudeCheck = { "kind": "found", 
/**
 * The program.
 */
path: string, 
/**
 * Its version.
 */
version: string, } | { "kind": "missing", 
/**
 * The places that were looked at.
 */
searched: Array<string>, } | { "kind": "tooOld", 
/**
 * The program.
 */
path: string, 
/**
 * Its version.
 */
version: string, 
/**
 * The oldest version that works.
 */
oldest: string, } | { "kind": "broken", 
/**
 * The program.
 */
path: string, 
/**
 * What it did.
 */
reason: string, } | { "kind": "unchecked" };

/**
 * A project, together with its live terminals.
 */
export type ProjectView = { 
/**
 * 24 hexadecimal digits.
 */
id: string, 
/**
 * What the person calls it.
 */
name: string, 
/**
 * The absolute path of its folder.
 */
workspacePath: string, 
/**
 * When it was created, in microseconds since 1970: the list is in this order, then by id.
 * None, and last, where only its live terminals tell of it.
 */
createdAtUs: number | null, 
/**
 * The stored status, not the state of a session.
 */
status: ProjectStatus, 
/**
 * The current conversation's id.
 */
sessionId: string | null, 
/**
 * What the store holds instead of an id, where that is no UUID.
 */
invalidSessionId: string | null, 
/**
 * The live terminal that runs Claude Code.
 */
live: TerminalView | null, 
/**
 * Its live shells, by number.
 */
shells: Array<TerminalView>, 
/**
 * Another machine that has the session live or, failing that, its transcript.
 */
elsewhere: OnMachine | null, 
/**
 * How the last session ended, where its host wrote it down.
 */
lastEnd: LastEnd | null, 
/**
 * When its conversation was last used.
 */
lastUsedAt: string | null, 
/**
 * Whether `last_picture` has something to show.
 */
hasPicture: boolean, 
/**
 * Whether the person wants no notifications of it.
 */
muted: boolean, };

/**
 * What of the list changed.
 */
export type ProjectsUpdate = { 
/**
 * Names what the window has with it: the next update begins there.
 */
upto: number, 
/**
 * The projects that are new or others now, the whole of each.
 */
changed: Array<ProjectView>, 
/**
 * The ids of those that are no longer there.
 */
removed: Array<string>, 
/**
 * Whether there is more: ask again at once.
 */
more: boolean, };

/**
 * The stored status of a project.
 */
export type ProjectStatus = "created" | "initialized" | "active";

/**
 * A project's session on another machine of the team.
 */
export type OnMachine = { 
/**
 * The computer.
 */
host: string, 
/**
 * Whose it is there.
 */
user: string, 
/**
 * Whether it is live there now; otherwise its transcript is there.
 */
live: boolean, 
/**
 * Since when it is live, or when it was last worked on.
 */
at: string, };

/**
 * How a session ended.
 */
export type LastEnd = { 
/**
 * The exit code; for a signal 128 plus its number.
 */
code: number, 
/**
 * The signal, where one ended it.
 */
signal: number | null, 
/**
 * When.
 */
at: string, };

/**
 * A live terminal.
 */
export type TerminalView = { 
/**
 * The project it belongs to.
 */
projectId: string, 
/**
 * `claude` or `shell-N`.
 */
terminal: string, 
/**
 * What its program does.
 */
state: TerminalState, 
/**
 * Since when it is in this state.
 */
since: string, 
/**
 * The host's process id.
 */
hostPid: number, 
/**
 * The program's process id.
 */
programPid: number | null, 
/**
 * Columns of its grid.
 */
cols: number, 
/**
 * Rows of its grid.
 */
rows: number, 
/**
 * When its program was started.
 */
startedAt: string, 
/**
 * How many viewers are attached.
 */
clients: number, 
/**
 * The title its program gave it.
 */
title: string | null, 
/**
 * The progress its program reports.
 */
progress: ProgressView | null, 
/**
 * Whether its host is of another version and should be started again when idle.
 */
waitsForRestart: boolean, 
/**
 * The commands that wait to be typed into it, and those that were.
 */
queue: Array<QueuedCommandView>, 
/**
 * What its open permission prompt or question is about.
 */
ask: AskView | null, 
/**
 * The unattended run that it is, where it is one.
 */
run: RunView | null, 
/**
 * Whether sub-agents or background tasks go on: being idle is not being done.
 */
background: boolean, };

/**
 * The state of a live terminal, in the words of the design.
 */
export type TerminalState = { "state": "starting" } | { "state": "idle" } | { "state": "working" } | { "state": "permission" } | { "state": "question" } | { "state": "shell" } | { "state": "ended", 
/**
 * The exit code; for a signal 128 plus its number.
 */
code: number, 
/**
 * The signal, where one ended it.
 */
signal: number | null, } | { "state": "unknown" };

/**
 * A command in the queue of a live session.
 */
export type QueuedCommandView = { 
/**
 * A UUID.
 */
id: string, 
/**
 * Exactly what will be sent.
 */
text: string, 
/**
 * What it is for: a milestone's id.
 */
about: string | null, 
/**
 * When it was put into the queue.
 */
addedAt: string, 
/**
 * How far it is.
 */
state: QueuedCommandState, };

/**
 * How far a command of the queue is.
 */
export type QueuedCommandState = { "state": "waiting", 
/**
 * What for.
 */
for: QueueWait, } | { "state": "sending" } | { "state": "delivered", 
/**
 * Since when.
 */
at: string, } | { "state": "notDelivered", 
/**
 * Why, in a word.
 */
code: string, 
/**
 * Why, in a sentence.
 */
message: string, 
/**
 * Since when.
 */
at: string, };

/**
 * What a command waits for.
 */
export type QueueWait = "idle" | "draft" | "dialog" | "conversation" | "start" | "earlier";

/**
 * What the person does with a queue.
 */
export type QueueChange = { "op": "edit", 
/**
 * Which one.
 */
id: string, 
/**
 * The new text.
 */
text: string, } | { "op": "cancel", 
/**
 * Which one.
 */
id: string, } | { "op": "retry", 
/**
 * Which one.
 */
id: string, } | { "op": "agree", 
/**
 * Which one.
 */
id: string, } | { "op": "move", 
/**
 * Which one.
 */
id: string, 
/**
 * Before which; none for the end.
 */
before: string | null, } | { "op": "clear" };

/**
 * What putting a command into the queue came to.
 */
export type QueueOutcome = { 
/**
 * The command's id.
 */
commandId: string, 
/**
 * The copy of the plan's phases that was made before it.
 */
backup: BackupView | null, };

/**
 * What an open permission prompt or question is about.
 */
export type AskView = { 
/**
 * The tool that asks.
 */
tool: string, 
/**
 * What it would do, or the question; in one line.
 */
input: string, };

/**
 * An unattended run, live or of the past.
 */
export type RunView = { 
/**
 * When it was started.
 */
startedAt: string, 
/**
 * The permission mode that the person chose for it.
 */
permissionMode: string, 
/**
 * What it is for: a milestone's id.
 */
about: string | null, 
/**
 * The file with every line of its stream.
 */
log: string, 
/**
 * The conversation, once the stream has named it.
 */
sessionId: string | null, 
/**
 * The tool in use, with what it does.
 */
tool: string | null, 
/**
 * How many times the model has answered.
 */
turns: number, 
/**
 * What it has cost, in US dollars.
 */
costUsd: number | null, 
/**
 * What came of it.
 */
result: RunResultView | null, 
/**
 * Somebody asked for its end.
 */
cancelled: boolean, 
/**
 * When it ended; none while it runs, or where its host was killed.
 */
endedAt: string | null, };

/**
 * An unattended run that was started.
 */
export type RunStarted = { 
/**
 * The run.
 */
run: RunView, 
/**
 * The copy of the plan's phases that was made before it.
 */
backup: BackupView | null, };

/**
 * What came of an unattended run.
 */
export type RunResultView = { 
/**
 * Whether Claude Code calls it a success.
 */
ok: boolean, 
/**
 * Claude Code's word for it.
 */
kind: string, 
/**
 * The last answer, or what went wrong.
 */
text: string, };

/**
 * The size of a terminal's grid, in cells.
 */
export type GridSize = { 
/**
 * Columns.
 */
cols: number, 
/**
 * Rows.
 */
rows: number, };

/**
 * A file or folder that a terminal's text names.
 */
export type NamedFile = { 
/**
 * Its absolute path, without links.
 */
path: string, 
/**
 * The path within the workspace; none outside of it.
 */
within: string | null, 
/**
 * Whether it is a folder.
 */
isFolder: boolean, };

/**
 * A place in a file, counted from 1.
 */
export type FilePosition = { 
/**
 * The line.
 */
line: number, 
/**
 * The column, where it is known.
 */
column: number | null, };

/**
 * The editors to choose from.
 */
export type EditorsView = { 
/**
 * The known ones, those that are installed first.
 */
known: Array<EditorView>, 
/**
 * The program of the chosen command, where it is not on this computer.
 */
missing: string | null, };

/**
 * An editor that many people have.
 */
export type EditorView = { 
/**
 * Which one it is: the usual name of its program.
 */
id: string, 
/**
 * Its name.
 */
title: string, 
/**
 * The command for the preferences.
 */
command: string, 
/**
 * Whether its program is on this computer.
 */
installed: boolean, };

/**
 * What is looked for.
 */
export type FindText = { 
/**
 * The text, or the regular expression.
 */
pattern: string, 
/**
 * Whether it is a regular expression.
 */
regex: boolean, 
/**
 * Whether `a` is not `A`.
 */
caseSensitive: boolean, 
/**
 * Whether a match may not begin or end within a word.
 */
wholeWord: boolean, 
/**
 * Whether the prompts that a shell marked are wanted; the pattern is looked for where there
 * is none.
 */
prompts: boolean, };

/**
 * What came of a search.
 */
export type FindOutcome = { "result": "found", 
/**
 * How many matches there are.
 */
total: number, 
/**
 * The newest of them, the oldest first: row and column of the first cell, and of the
 * place behind the last.
 */
matches: Array<[number, number, number, number]>, 
/**
 * Whether they are on the alternate screen, whose rows are counted from its top.
 */
alternate: boolean, 
/**
 * False when it took too long to search everything.
 */
complete: boolean, } | { "result": "badPattern", 
/**
 * Why not, in the parser's words.
 */
why: string, } | { "result": "patternTooLarge" };

/**
 * A file with a terminal's lines.
 */
export type SavedText = { 
/**
 * Where it is.
 */
path: string, 
/**
 * How many lines it has.
 */
lines: number, };

/**
 * The colours a viewer shows: what the host answers when a program asks.
 */
export type TerminalPalette = { 
/**
 * `#rrggbb`.
 */
foreground: string, 
/**
 * `#rrggbb`.
 */
background: string, 
/**
 * `#rrggbb`.
 */
cursor: string, 
/**
 * The 16 ANSI colours, each `#rrggbb`.
 */
ansi: Array<string>, 
/**
 * Whether the theme is dark.
 */
dark: boolean, };

/**
 * What the person chose where a conversation could not simply be resumed.
 */
export type StartChoice = { "kind": "startFresh" } | { "kind": "resumeEarlier", 
/**
 * Which one.
 */
sessionId: string, } | { "kind": "putTranscriptBack" } | { "kind": "tryAgain" } | { "kind": "startAnyway" };

/**
 * What `start_session` came to.
 */
export type StartOutcome = { "kind": "live", 
/**
 * The terminal to attach to.
 */
terminal: TerminalView, } | { "kind": "cannotResume", 
/**
 * Why, and what is possible.
 */
failure: ResumeFailure, };

/**
 * Why a conversation was not resumed, and what can be done.
 */
export type ResumeFailure = { 
/**
 * The reason.
 */
cause: ResumeFailureCause, 
/**
 * The id as the store holds it; for `invalidId` this is no UUID.
 */
sessionId: string, 
/**
 * The project's folder.
 */
workspacePath: string, 
/**
 * When the conversation was last used, where that is known.
 */
lastUsedAt: string | null, 
/**
 * Where its transcript was looked for.
 */
searched: Array<string>, 
/**
 * What was said, for `transcriptUnreadable` and `refused`.
 */
reason: string | null, 
/**
 * The id that this machine's session came to, for `conflict`; it is among `earlier`.
 */
otherId: string | null, 
/**
 * The process that has the conversation, for `liveElsewhere` and `orphanAlive`.
 */
pid: number | null, 
/**
 * The configuration folder the transcript belongs to, for `transcriptElsewhere`.
 */
otherFolder: string | null, 
/**
 * Our own copy of the transcript, where one was kept.
 */
keptCopy: string | null, 
/**
 * What another machine has to do with it, for `liveOnMachine`, `transcriptOnMachine` and
 * `storeAway`.
 */
elsewhere: ElsewhereView | null, 
/**
 * The lineage's other ids, newest first.
 */
earlier: Array<EarlierSession>, };

/**
 * Why a conversation was not resumed.
 */
export type ResumeFailureCause = "transcriptEmpty" | "transcriptMissing" | "transcriptElsewhere" | "liveElsewhere" | "invalidId" | "orphanAlive" | "transcriptUnreadable" | "refused" | "conflict" | "liveOnMachine" | "transcriptOnMachine" | "storeAway";

/**
 * A project's session, or its conversation, on another machine.
 */
export type ElsewhereView = { 
/**
 * The other computer; none where it is not known.
 */
host: string | null, 
/**
 * Whose session it is there.
 */
user: string | null, 
/**
 * Since when it is live there.
 */
since: string | null, 
/**
 * When the conversation was last worked on there.
 */
lastActiveAt: string | null, 
/**
 * Why the team's store cannot tell, for `storeAway`.
 */
away: CommandError | null, 
/**
 * Whether `startAnyway` can go on with the conversation.
 */
canGoOn: boolean, };

/**
 * An id of the project's lineage.
 */
export type EarlierSession = { 
/**
 * The conversation's id.
 */
sessionId: string, 
/**
 * How the project came to it.
 */
source: SessionSource, 
/**
 * When.
 */
at: string, 
/**
 * Whether a message was ever sent under it.
 */
messageSent: boolean, 
/**
 * Whether it can be resumed now.
 */
resumable: boolean, };

/**
 * How a project came to a session id.
 */
export type SessionSource = "startup" | "resume" | "clear" | "fork" | "import" | "unknown";

/**
 * How Claude Code is started for one project.
 */
export type LaunchOptions = { 
/**
 * The value of `--permission-mode`.
 */
permissionMode: string | null, 
/**
 * The value of `--model`.
 */
model: string | null, 
/**
 * Further arguments.
 */
extraArgs: Array<string>, 
/**
 * Variables added to the environment.
 */
env: { [key in string]: string }, 
/**
 * Full screen, or the ordinary screen with its scrollback.
 */
display: DisplayMode, 
/**
 * The command that starts a milestone, `{context}` standing for its context file; none:
 * as it is found.
 */
milestoneCommand: string | null, };

/**
 * Which of Claude Code's displays a project uses.
 */
export type DisplayMode = "fullScreen" | "scrollback";

/**
 * A project's milestones and plan.
 */
export type ProjectWork = { 
/**
 * The project.
 */
projectId: string, 
/**
 * Its milestones, oldest first.
 */
milestones: Array<MilestoneView>, 
/**
 * What its `.planning` says.
 */
planning: PlanningView | null, 
/**
 * Why the plan, or part of it, is not shown.
 */
planningProblem: CommandError | null, 
/**
 * How a milestone is started in its session.
 */
command: MilestoneCommandView, 
/**
 * The copies of its phases, newest first.
 */
backups: Array<BackupView>, 
/**
 * Its last unattended run that ended.
 */
lastRun: RunView | null, };

/**
 * The command that starts a milestone.
 */
export type MilestoneCommandView = { 
/**
 * With `{context}` where the context file's path goes.
 */
text: string, 
/**
 * What it is.
 */
kind: MilestoneCommandKind, 
/**
 * Whether the person set it; otherwise it was found.
 */
isSetting: boolean, };

/**
 * What kind of command starts a milestone.
 */
export type MilestoneCommandKind = "gsdCommand" | "gsdSkill" | "plainPrompt";

/**
 * A milestone.
 */
export type MilestoneView = { 
/**
 * 24 hexadecimal digits.
 */
id: string, 
/**
 * The project it belongs to.
 */
projectId: string, 
/**
 * What the person calls it.
 */
name: string, 
/**
 * The stored status.
 */
status: MilestoneStatus, 
/**
 * When it was made.
 */
createdAt: string, 
/**
 * When it was changed last.
 */
updatedAt: string, 
/**
 * When it was completed.
 */
completedAt: string | null, 
/**
 * Its context file, from the workspace.
 */
contextPath: string, 
/**
 * Whether that file is there.
 */
contextExists: boolean, };

/**
 * The stored status of a milestone.
 */
export type MilestoneStatus = "pending" | "in_progress" | "completed" | "failed";

/**
 * What the person says of a new milestone.
 */
export type NewMilestone = { 
/**
 * What to call it.
 */
name: string, 
/**
 * What it is about; may be empty where files tell it.
 */
description: string, 
/**
 * Absolute paths of files that belong to its context.
 */
files: Array<string>, };

/**
 * What `.planning` says.
 */
export type PlanningView = { 
/**
 * Where it was read from.
 */
source: PlanningSource, 
/**
 * The active milestone, in the plan's own words.
 */
milestone: PlannedMilestoneView | null, 
/**
 * Its phases, in order.
 */
phases: Array<PhaseView>, 
/**
 * The command that the plan suggests next.
 */
next: string | null, 
/**
 * When the newest of what was read was written.
 */
readAt: string, };

/**
 * Where a plan was read from.
 */
export type PlanningSource = "stateJson" | "markdown";

/**
 * The plan's active milestone.
 */
export type PlannedMilestoneView = { 
/**
 * `v1.1`.
 */
version: string | null, 
/**
 * Its name.
 */
name: string | null, 
/**
 * Its status, in the plan's word.
 */
status: string | null, };

/**
 * A phase of a plan.
 */
export type PhaseView = { 
/**
 * `03` or `2.1`.
 */
number: string, 
/**
 * Its name.
 */
name: string, 
/**
 * How far it is.
 */
status: PhaseStatus, 
/**
 * How many of its plans have a summary.
 */
plansDone: number, 
/**
 * How many plans it has.
 */
plansTotal: number, };

/**
 * How far a phase is.
 */
export type PhaseStatus = "done" | "current" | "todo";

/**
 * A copy of a project's phases.
 */
export type BackupView = { 
/**
 * Names it among the project's.
 */
id: string, 
/**
 * When it was made.
 */
at: string, 
/**
 * How many phase folders it holds.
 */
folders: number, 
/**
 * Where it is.
 */
path: string, };

/**
 * What the wish to start a milestone came to.
 */
export type StartMilestoneOutcome = { "kind": "queued", 
/**
 * The command.
 */
commandId: string, 
/**
 * The copy of the phases that was made before.
 */
backup: BackupView | null, } | { "kind": "started", 
/**
 * The terminal to attach to.
 */
terminal: TerminalView, 
/**
 * The copy of the phases that was made before.
 */
backup: BackupView | null, } | { "kind": "cannotResume", 
/**
 * Why, and what is possible.
 */
failure: ResumeFailure, 
/**
 * The copy of the phases that was made before.
 */
backup: BackupView | null, };

/**
 * What the person chose for the app as a whole.
 */
export type Preferences = { 
/**
 * Light, dark, or as the system.
 */
theme: Theme, 
/**
 * The terminal's font size, in CSS pixels.
 */
fontSize: number, 
/**
 * The language.
 */
locale: LocaleChoice, 
/**
 * The sidebar's width, in CSS pixels.
 */
sidebarWidth: number, 
/**
 * Whether the sidebar is reduced to its rail.
 */
sidebarCollapsed: boolean, 
/**
 * What closing the window does to running sessions.
 */
onClose: OnClose, 
/**
 * The project that was shown last.
 */
lastProject: string | null, 
/**
 * The Claude Code program to run; none: look for it.
 */
claudePath: string | null, 
/**
 * The width of the milestones panel, in CSS pixels.
 */
milestonesWidth: number, 
/**
 * Whether the milestones panel is shown where there is room for it.
 */
milestonesOpen: boolean, 
/**
 * Whether closing the window leaves the app in the tray, where there is one.
 */
closeToTray: boolean, 
/**
 * Whether the person was told of that.
 */
trayExplained: boolean, 
/**
 * Whether there are desktop notifications at all.
 */
notifications: boolean, 
/**
 * The projects whose notifications the person does not want, by id.
 */
muted: Array<string>, 
/**
 * The connection string of the team's store, without its password; none for this
 * computer's own. Changed by choosing a store only.
 */
store: string | null, 
/**
 * How terminals look and behave.
 */
terminal: TerminalPreferences, 
/**
 * The command that opens a file of a terminal: words as a shell splits them, with `{file}`,
 * `{line}` and `{column}`; none for the system's program for text.
 */
editor: string | null, 
/**
 * Whether programs in terminals may copy (OSC 52).
 */
clipboardWrite: ClipboardWrite, 
/**
 * Whether the person is asked before several lines are pasted into a program that would
 * act on each of them.
 */
pasteWarning: boolean, };

/**
 * Some preferences to change; those left out stay.
 */
export type PreferencesPatch = { 
/**
 * See [`Preferences::theme`].
 */
theme?: Theme, 
/**
 * See [`Preferences::font_size`].
 */
fontSize?: number, 
/**
 * See [`Preferences::locale`].
 */
locale?: LocaleChoice, 
/**
 * See [`Preferences::sidebar_width`].
 */
sidebarWidth?: number, 
/**
 * See [`Preferences::sidebar_collapsed`].
 */
sidebarCollapsed?: boolean, 
/**
 * See [`Preferences::on_close`].
 */
onClose?: OnClose, 
/**
 * See [`Preferences::last_project`]; null forgets it.
 */
lastProject?: string | null, 
/**
 * See [`Preferences::claude_path`]; null goes back to looking for it.
 */
claudePath?: string | null, 
/**
 * See [`Preferences::milestones_width`].
 */
milestonesWidth?: number, 
/**
 * See [`Preferences::milestones_open`].
 */
milestonesOpen?: boolean, 
/**
 * See [`Preferences::close_to_tray`].
 */
closeToTray?: boolean, 
/**
 * See [`Preferences::tray_explained`].
 */
trayExplained?: boolean, 
/**
 * See [`Preferences::notifications`].
 */
notifications?: boolean, 
/**
 * See [`Preferences::muted`].
 */
muted?: Array<string>, 
/**
 * See [`Preferences::terminal`]; all of it.
 */
terminal?: TerminalPreferences, 
/**
 * See [`Preferences::editor`]; null goes back to the system's.
 */
editor?: string | null, 
/**
 * See [`Preferences::clipboard_write`].
 */
clipboardWrite?: ClipboardWrite, 
/**
 * See [`Preferences::paste_warning`].
 */
pasteWarning?: boolean, };

/**
 * How terminals look and behave. The size of the text stands beside it, in
 * [`super::Preferences::font_size`].
 */
export type TerminalPreferences = { 
/**
 * The family of the text; none for the window's own.
 */
fontFamily: string | null, 
/**
 * The height of a line, in sizes of the text.
 */
lineHeight: number, 
/**
 * The cursor of a program that asked for none.
 */
cursorStyle: CursorStyle, 
/**
 * Whether that cursor blinks.
 */
cursorBlink: boolean, 
/**
 * The colours while the window is light.
 */
lightTheme: TerminalTheme, 
/**
 * The colours while the window is dark.
 */
darkTheme: TerminalTheme, 
/**
 * The least contrast of text with what is behind it, as a ratio of WCAG; 1 changes nothing.
 */
minimumContrast: number, 
/**
 * What a bell does whose terminal the person looks at.
 */
bell: Bell, 
/**
 * Whether a terminal that rings unseen is marked, and the window asks for attention.
 */
bellMarks: boolean, 
/**
 * Whether a screen reader is given the lines of terminals.
 */
screenReader: boolean, 
/**
 * What draws terminals.
 */
renderer: Renderer, 
/**
 * How many lines of scrollback a terminal keeps that is started from now on.
 */
scrollbackLines: number, };

/**
 * The shape of a cursor.
 */
export type CursorStyle = "block" | "bar" | "underline";

/**
 * What draws a terminal.
 */
export type Renderer = "dom" | "webgl";

/**
 * What a program's bell does.
 */
export type Bell = "off" | "flash" | "sound";

/**
 * The colours of a terminal.
 */
export type TerminalTheme = "reprise" | "solarizedLight" | "solarizedDark" | "gruvboxLight" | "gruvboxDark" | "dracula" | "nord" | "oneLight" | "oneDark" | "catppuccinLatte" | "catppuccinMocha" | "tokyoNightDay" | "tokyoNight";

/**
 * Light, dark, or as the system.
 */
export type Theme = "system" | "light" | "dark";

/**
 * The language, or the system's.
 */
export type LocaleChoice = "system" | "en" | "pt-BR";

/**
 * What closing the window does to running sessions.
 */
export type OnClose = "ask" | "keep" | "end";

/**
 * The answer to the question that closing the window asks.
 */
export type CloseDecision = "keep" | "end";

/**
 * What the page has in front: the menu bar and the notifications go by it.
 */
export type FrontView = { 
/**
 * The selected project.
 */
projectId: string | null, 
/**
 * Its terminal in front: `claude` or `shell-N`.
 */
terminal: string | null, 
/**
 * Whether text in it is selected.
 */
hasSelection: boolean, 
/**
 * Whether a dialog of the page waits for an answer.
 */
dialogOpen: boolean, };

/**
 * The store in use, and how it is.
 */
export type StoreView = { 
/**
 * Which one it is.
 */
kind: StoreKind, 
/**
 * The team's hosts; empty for this computer's.
 */
server: string, 
/**
 * The team's database; empty for this computer's.
 */
database: string, 
/**
 * As whom Reprise logs in; none where nobody is named.
 */
user: string | null, 
/**
 * Whether `REPRISE_STORE` names it, whatever the settings say.
 */
fromVariable: boolean, 
/**
 * The connection string of the settings, without its password; none for this computer's.
 */
connection: string | null, 
/**
 * Whether it can be used.
 */
link: StoreLink, 
/**
 * When its lists were last known to be as the server has them; none: not known, or now.
 */
asOf: string | null, 
/**
 * The changes that wait for the server, oldest first.
 */
waiting: Array<WaitingChange>, 
/**
 * Which of them met a change of somebody else: the person decides.
 */
conflicts: Array<StoreConflict>, 
/**
 * Where its password is.
 */
password: PasswordPlace, };

/**
 * Which store it is.
 */
export type StoreKind = "local" | "team" | "none";

/**
 * Whether the store can be used.
 */
export type StoreLink = { "state": "connected" } | { "state": "connecting" } | { "state": "lost", 
/**
 * Since when.
 */
since: string, 
/**
 * Why.
 */
why: CommandError, } | { "state": "readOnly", 
/**
 * What it said.
 */
why: CommandError, } | { "state": "refused", 
/**
 * Why.
 */
why: CommandError, };

/**
 * Where a password is.
 */
export type PasswordPlace = "notNeeded" | "keyring" | "memory" | "missing";

/**
 * A change that waits for the server.
 */
export type WaitingChange = { 
/**
 * The project it belongs to.
 */
projectId: string, 
/**
 * What it is.
 */
what: WaitingWhat, 
/**
 * When it was made.
 */
since: string, };

/**
 * What waits.
 */
export type WaitingWhat = { "kind": "sessionId", 
/**
 * What the server is to hold; none: no id.
 */
new: string | null, } | { "kind": "milestoneStatus", 
/**
 * The milestone.
 */
milestoneId: string, 
/**
 * What it is called, where that is known.
 */
milestone: string | null, 
/**
 * What it is to be.
 */
new: MilestoneStatus, } | { "kind": "projectStatus" } | { "kind": "history" };

/**
 * A change that met a change of somebody else.
 */
export type StoreConflict = { 
/**
 * The project it belongs to.
 */
projectId: string, 
/**
 * Both values.
 */
what: ConflictWhat, 
/**
 * When ours was changed.
 */
since: string, };

/**
 * Both values of a conflict.
 */
export type ConflictWhat = { "kind": "sessionId", 
/**
 * What this computer came to.
 */
ours: string, 
/**
 * What the database holds; none: no id.
 */
theirs: string | null, } | { "kind": "milestoneStatus", 
/**
 * The milestone.
 */
milestoneId: string, 
/**
 * What it is called, where that is known.
 */
milestone: string | null, 
/**
 * What this computer came to.
 */
ours: MilestoneStatus, 
/**
 * What the database holds.
 */
theirs: MilestoneStatus, } | { "kind": "projectStatus", 
/**
 * What this computer came to.
 */
ours: ProjectStatus, 
/**
 * What the database holds.
 */
theirs: ProjectStatus, };

/**
 * What the person decided about a conflict.
 */
export type KeepValue = "theirs" | "ours";

/**
 * A connection as it stands in the settings' fields.
 */
export type ConnectionDraft = { 
/**
 * The connection string; one with a password is understood.
 */
connection: string, 
/**
 * The password; none: the one that is kept for this connection.
 */
password: string | null, 
/**
 * The database; empty: the connection string's.
 */
database: string, };

/**
 * A connection string taken apart into the settings' fields.
 */
export type ConnectionParts = { 
/**
 * The connection string without its password; as it was where it is none.
 */
connection: string, 
/**
 * The password that stood in it.
 */
password: string | null, 
/**
 * The database; empty where none is named.
 */
database: string, 
/**
 * Whether it begins as a connection string.
 */
valid: boolean, 
/**
 * Whether its user has to prove a password.
 */
asksForPassword: boolean, };

/**
 * What a test of a connection found.
 */
export type StoreTest = { 
/**
 * Whether there is somebody.
 */
host: TestStep<HostFound>, 
/**
 * Whether it is MongoDB, and how it is talked to.
 */
secure: TestStep<Talk>, 
/**
 * Whether it lets this user in.
 */
login: TestStep<LoggedIn>, 
/**
 * What this user may do.
 */
rights: TestStep<Rights>, 
/**
 * What lies in the database.
 */
contents: TestStep<Contents>, 
/**
 * Whether the store can be used and be written to.
 */
usable: boolean, 
/**
 * As whom the login was tried; none where nobody is named.
 */
loginAs: LoginAs | null, 
/**
 * What to add to the connection string, where that may help: `authSource=admin`.
 */
tryWith: string | null, 
/**
 * All of it as text, to be copied. No password is in it.
 */
details: string, };

/**
 * One step of a test.
 */
export type TestStep<T> = { "state": "passed", 
/**
 * What was found.
 */
found: T, } | { "state": "failed", 
/**
 * Why.
 */
why: CommandError, } | { "state": "notReached" };

/**
 * Who is there.
 */
export type HostFound = { 
/**
 * How many servers are named.
 */
named: number, 
/**
 * How many of them take connections.
 */
reached: number, };

/**
 * How the server is talked to.
 */
export type Talk = { 
/**
 * Whether by TLS.
 */
tls: boolean, 
/**
 * The time between question and answer, in milliseconds.
 */
roundTripMs: number, 
/**
 * The name of its replica set.
 */
replicaSet: string | null, };

/**
 * The login went well.
 */
export type LoggedIn = { 
/**
 * How the password was proved; none where nobody was named.
 */
mechanism: string | null, };

/**
 * As whom a login was tried.
 */
export type LoginAs = { 
/**
 * The user.
 */
user: string, 
/**
 * The database that was to know the user.
 */
authSource: string, 
/**
 * How the password was to be proved.
 */
mechanism: string, };

/**
 * What a user may do.
 */
export type Rights = { 
/**
 * Why nothing can be written; none where it can.
 */
readOnly: CommandError | null, };

/**
 * What lies in a database.
 */
export type Contents = { 
/**
 * The server's version.
 */
version: string, 
/**
 * What kind of database it is.
 */
database: DatabaseKind, };

/**
 * What a database is used for.
 */
export type DatabaseKind = { "kind": "team", 
/**
 * About how many projects.
 */
projects: number, 
/**
 * About how many milestones.
 */
milestones: number, } | { "kind": "empty" } | { "kind": "foreign", 
/**
 * Some of its collections.
 */
collections: Array<string>, 
/**
 * How many there are.
 */
count: number, };

/**
 * What came of choosing a store.
 */
export type StoreChosen = { 
/**
 * The store in use now.
 */
store: StoreView, 
/**
 * Why the keyring did not take the password; none where it did, or had none to take.
 */
keyringRefused: string | null, };

/**
 * What an import did, or would do.
 */
export type ImportReport = { 
/**
 * Nothing was done: it says what would be.
 */
trial: boolean, 
/**
 * The projects, those first that something becomes of; at most some hundreds.
 */
projects: Array<ImportedProject>, 
/**
 * How many projects are not among those.
 */
more: number, 
/**
 * Projects that are created.
 */
projectsCreated: number, 
/**
 * Projects that are there.
 */
projectsThere: number, 
/**
 * Projects that are left out.
 */
projectsSkipped: number, 
/**
 * Projects that failed.
 */
projectsFailed: number, 
/**
 * Milestones that are created.
 */
milestonesCreated: number, 
/**
 * New rows of the history of session ids.
 */
newRows: number, 
/**
 * The person stopped it.
 */
stopped: boolean, };

/**
 * What becomes of one project.
 */
export type ImportedProject = { 
/**
 * Its id.
 */
id: string, 
/**
 * Its name.
 */
name: string, 
/**
 * What becomes of it.
 */
fate: ImportFate, 
/**
 * Why it is left out, or failed.
 */
why: string | null, 
/**
 * How many of its milestones are created.
 */
newMilestones: number, 
/**
 * How many rows of its history are new.
 */
newRows: number, 
/**
 * The team has another session id, which stays.
 */
sessionDiffers: boolean, 
/**
 * What the team has differently, which stays.
 */
differences: Array<ImportDifference>, 
/**
 * Environment variables that the team can read then.
 */
sharedVariables: Array<string>, };

/**
 * What becomes of a project.
 */
export type ImportFate = "failed" | "created" | "skipped" | "alreadyThere";

/**
 * A field that the two stores have differently.
 */
export type ImportDifference = { 
/**
 * The field.
 */
field: string, 
/**
 * What stands on this computer.
 */
here: string, 
/**
 * What the team has.
 */
there: string, };

/**
 * How far an import is.
 */
export type ImportProgress = { 
/**
 * Projects looked at.
 */
done: number, 
/**
 * Of how many.
 */
total: number, };

/**
 * A condition the person should know of.
 */
export type Notice = { "kind": "storeSetAside", 
/**
 * The database's file.
 */
file: string, 
/**
 * Where the damaged one is.
 */
keptAs: string, } | { "kind": "storeUnavailable", 
/**
 * What happened and what to do.
 */
error: CommandError, } | { "kind": "documentsUnreadable", 
/**
 * The hosts.
 */
server: string, 
/**
 * The database.
 */
database: string, 
/**
 * How many.
 */
documents: number, 
/**
 * The first of them.
 */
first: CommandError, } | { "kind": "preferencesSetAside", 
/**
 * The preferences' file.
 */
file: string, 
/**
 * Where the damaged one is.
 */
keptAs: string, } | { "kind": "preferencesUnavailable", 
/**
 * The preferences' file.
 */
file: string, 
/**
 * The system's words.
 */
reason: string, } | { "kind": "hostsWaitForRestart", 
/**
 * Their terminals.
 */
terminals: Array<TerminalRef>, } | { "kind": "openRefused", 
/**
 * What happened and what to do.
 */
error: CommandError, } | { "kind": "webProcessRestarted", 
/**
 * How often since the app started.
 */
times: number, };

/**
 * Names a terminal of a project.
 */
export type TerminalRef = { 
/**
 * The project.
 */
projectId: string, 
/**
 * `claude` or `shell-N`.
 */
terminal: string, };

/**
 * The progress that a program reports (OSC 9;4).
 */
export type ProgressView = { 
/**
 * What it is.
 */
state: ProgressKind, 
/**
 * How far it is, where the program knows.
 */
percent: number | null, };

/**
 * What a reported progress is.
 */
export type ProgressKind = "normal" | "error" | "indeterminate" | "paused";

/**
 * Whether programs in terminals may write to the clipboard. None ever reads it.
 */
export type ClipboardWrite = "allow" | "deny";

/**
 * Why a command was not done, for the person to read.
 *
 * The window translates by `code` with `params`; `message` and `hint` are the English words.
 */
export type CommandError = { 
/**
 * What kind of failure it is.
 */
code: ErrorCode, 
/**
 * What happened, to what.
 */
message: string, 
/**
 * What the person can do.
 */
hint: string | null, 
/**
 * The values in the message, by name.
 */
params: { [key in string]: string }, };

/**
 * The kinds of failure; beside each the names of its params.
 */
export type ErrorCode = "folderMissing" | "folderNotAFolder" | "folderUnreadable" | "folderNameNotText" | "folderTaken" | "projectUnknown" | "projectLive" | "terminalUnknown" | "attachmentUnknown" | "storeUnavailable" | "connectionStringInvalid" | "databaseNotNamed" | "serverUnknown" | "serverRefuses" | "serverSilent" | "serverNotSecure" | "loginRefused" | "notAllowed" | "serverTooOld" | "serverWithoutPrimary" | "outcomeUnknown" | "folderBusy" | "documentUnreadable" | "storeNotChanged" | "storeVariableInvalid" | "storePreferenceInvalid" | "storePasswordNeeded" | "storeReadOnly" | "diskFull" | "sessionConflict" | "claudeMissing" | "claudeTooOld" | "claudeBroken" | "launchOptionRefused" | "hostNotStarted" | "hostUnreachable" | "hostRefused" | "preferencesNotSaved" | "clipboardUnavailable" | "linkRefused" | "fileGone" | "editorFailed" | "editorMissing" | "noEditor" | "textNotSaved" | "hostTooOld" | "milestoneUnknown" | "planningFiles" | "planningOutside" | "contextFileRefused" | "phasesTooMuch" | "phasesNotCopied" | "backupUnknown" | "planContractUnknown" | "planUnreadable" | "commandEmpty" | "commandSeveralLines" | "commandTooLong" | "commandsTooMany" | "commandGone" | "commandBeingSent" | "commandRefused" | "runWhileLive" | "runNotTrusted" | "runTrustUnknown" | "runCannotResume" | "runRefused" | "runUnknown" | "invalidRequest" | "internal";
