// Generated from src-tauri/app/dto by a test there. Do not edit.
/* eslint-disable */

/**
 * Everything the window needs for its first picture.
 */
export type Bootstrap = { 
/**
 * All projects, in their stable order.
 */
projects: Array<ProjectView>, 
/**
 * What the person chose.
 */
preferences: Preferences, 
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
show: string | null, };

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
 * How Claude Code is started for it.
 */
launch: LaunchOptions, };

/**
 * The stored status of a project.
 */
export type ProjectStatus = "created" | "initialized" | "active";

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
 * The progress its program reports, in percent.
 */
progress: number | null, 
/**
 * Whether its host is of another version and should be started again when idle.
 */
waitsForRestart: boolean, };

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
sessionId: string, } | { "kind": "putTranscriptBack" } | { "kind": "tryAgain" };

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
 * What the system or Claude Code said, for `transcriptUnreadable` and `refused`.
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
 * The lineage's other ids, newest first.
 */
earlier: Array<EarlierSession>, };

/**
 * Why a conversation was not resumed.
 */
export type ResumeFailureCause = "transcriptEmpty" | "transcriptMissing" | "transcriptElsewhere" | "liveElsewhere" | "invalidId" | "orphanAlive" | "transcriptUnreadable" | "refused" | "conflict";

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
display: DisplayMode, };

/**
 * Which of Claude Code's displays a project uses.
 */
export type DisplayMode = "fullScreen" | "scrollback";

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
claudePath: string | null, };

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
claudePath?: string | null, };

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
error: CommandError, } | { "kind": "preferencesSetAside", 
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
export type ErrorCode = "folderMissing" | "folderNotAFolder" | "folderUnreadable" | "folderNameNotText" | "folderTaken" | "projectUnknown" | "projectLive" | "terminalUnknown" | "attachmentUnknown" | "storeUnavailable" | "storeReadOnly" | "diskFull" | "sessionConflict" | "claudeMissing" | "claudeTooOld" | "claudeBroken" | "launchOptionRefused" | "hostNotStarted" | "hostUnreachable" | "hostRefused" | "preferencesNotSaved" | "clipboardUnavailable" | "linkRefused" | "invalidRequest" | "internal";
