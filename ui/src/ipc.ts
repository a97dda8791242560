/**
 * The only place that talks to the app. Commands are typed by the generated bindings;
 * terminal bytes come through one channel per attached terminal, raw.
 */
import { Channel, invoke } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';

import type {
  Bootstrap,
  CloseDecision,
  CommandError,
  ConnectionDraft,
  ConnectionParts,
  FilePosition,
  EditorsView,
  FindOutcome,
  FindText,
  FrontView,
  GridSize,
  ImportReport,
  KeepValue,
  MilestoneStatus,
  MilestoneView,
  NamedFile,
  NewMilestone,
  Preferences,
  PreferencesPatch,
  ProjectsUpdate,
  ProjectView,
  ProjectWork,
  QueueChange,
  QueueOutcome,
  RunStarted,
  SavedText,
  StartChoice,
  StartMilestoneOutcome,
  StartOutcome,
  StoreChosen,
  StoreConflict,
  StoreTest,
  StoreView,
  TerminalPalette,
  TerminalView,
} from './bindings';

/** An item of the native menu, and what it is about; without a project the one in front. */
export interface Chosen {
  action: string;
  projectId?: string;
  milestoneId?: string;
  status?: MilestoneStatus;
  index?: number;
}

/** A command that was not done, with the app's reason. */
export class CommandFailed extends Error {
  readonly reason: CommandError;

  constructor(reason: CommandError) {
    super(reason.message);
    this.reason = reason;
  }
}

/** Turns whatever a command threw into one kind of failure. */
function failed(error: unknown): CommandFailed {
  if (error instanceof CommandFailed) return error;
  if (typeof error === 'object' && error !== null && 'code' in error && 'message' in error) {
    return new CommandFailed(error as CommandError);
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new CommandFailed({ code: 'internal', message: reason, hint: null, params: { reason } });
}

async function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (error) {
    throw failed(error);
  }
}

declare global {
  interface Window {
    /** What `index.html` asked for before this program was there. */
    __reprise_boot?: Promise<unknown> | undefined;
  }
}

/** `since`: the number of the update of projects that the window has, 0 for none. */
export function bootstrap(since: number): Promise<Bootstrap> {
  const early = window.__reprise_boot as Promise<Bootstrap> | undefined;
  window.__reprise_boot = undefined;
  if (!early || since !== 0) return call<Bootstrap>('bootstrap', { since });
  return early.catch((error: unknown) => {
    throw failed(error);
  });
}

export const listProjects = (since: number) => call<ProjectsUpdate>('list_projects', { since });
export const openFolder = () => call<ProjectView | null>('open_folder');
export const openPath = (path: string) => call<ProjectView>('open_path', { path });
export const renameProject = (projectId: string, name: string) =>
  call<ProjectView>('rename_project', { projectId, name });
export const locateFolder = (projectId: string) =>
  call<ProjectView | null>('locate_folder', { projectId });
export const removeProject = (projectId: string) =>
  call<undefined>('remove_project', { projectId });

export const startSession = (
  projectId: string,
  size: GridSize,
  palette: TerminalPalette,
  choice: StartChoice | null,
) => call<StartOutcome>('start_session', { projectId, size, palette, choice });
export const newShell = (projectId: string, size: GridSize, palette: TerminalPalette) =>
  call<TerminalView>('new_shell', { projectId, size, palette });
export const endTerminal = (projectId: string, terminal: string) =>
  call<undefined>('end_terminal', { projectId, terminal });

/** Attaches to a terminal; `onMessage` gets each message's frames as they come. */
export function attachTerminal(
  projectId: string,
  terminal: string,
  size: GridSize,
  visible: boolean,
  palette: TerminalPalette,
  onMessage: (message: Uint8Array) => void,
): Promise<number> {
  const channel = new Channel<ArrayBuffer | number[]>();
  channel.onmessage = (message) =>
    onMessage(message instanceof ArrayBuffer ? new Uint8Array(message) : Uint8Array.from(message));
  return call<number>('attach_terminal', { projectId, terminal, size, visible, palette, channel });
}

/** Sends bytes to the terminal's program, raw. */
export async function terminalInput(attachment: number, bytes: Uint8Array): Promise<void> {
  try {
    await invoke('terminal_input', bytes, { headers: { attachment: String(attachment) } });
  } catch (error) {
    throw failed(error);
  }
}

export const resizeTerminal = (attachment: number, size: GridSize, visible: boolean) =>
  call<undefined>('resize_terminal', { attachment, size, visible });
export const ackTerminal = (attachment: number, offset: number, painted: number) =>
  call<undefined>('ack_terminal', { attachment, offset, painted });
export const detachTerminal = (attachment: number) =>
  call<undefined>('detach_terminal', { attachment });
export const setPalette = (attachment: number, palette: TerminalPalette) =>
  call<undefined>('set_palette', { attachment, palette });

/** Which of these names, as a terminal's program wrote them, are files; `folder` where it said it is. */
export const findFiles = (
  projectId: string,
  terminal: string,
  folder: string | null,
  names: string[],
) => call<(NamedFile | null)[]>('find_files', { projectId, terminal, folder, names });
export const openFile = (path: string, position: FilePosition | null) =>
  call<undefined>('open_file', { path, position });

/** Searches all lines that the terminal's host has. */
export const findInTerminal = (projectId: string, terminal: string, text: FindText) =>
  call<FindOutcome>('find_in_terminal', { projectId, terminal, text });
/** Asks for a file and writes all of them into it; null when the person thought better. */
export const saveScrollback = (projectId: string, terminal: string, coloured: boolean) =>
  call<SavedText | null>('save_scrollback', { projectId, terminal, coloured });

/** The last picture of a project's terminal: a JSON line with its size, then escape sequences. */
export async function lastPicture(projectId: string): Promise<Uint8Array> {
  const bytes = await call<ArrayBuffer | number[]>('last_picture', { projectId });
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : Uint8Array.from(bytes);
}

export const projectWork = (projectId: string) => call<ProjectWork>('project_work', { projectId });
export const createMilestone = (projectId: string, milestone: NewMilestone) =>
  call<MilestoneView>('create_milestone', { projectId, milestone });
export const renameMilestone = (milestoneId: string, name: string) =>
  call<MilestoneView>('rename_milestone', { milestoneId, name });
export const setMilestoneStatus = (milestoneId: string, status: MilestoneStatus) =>
  call<MilestoneView>('set_milestone_status', { milestoneId, status });
export const openMilestoneContext = (milestoneId: string) =>
  call<undefined>('open_milestone_context', { milestoneId });
export const openMilestoneFolder = (milestoneId: string) =>
  call<undefined>('open_milestone_folder', { milestoneId });
export const chooseFiles = () => call<string[]>('choose_files');
export const startMilestone = (milestoneId: string, size: GridSize, palette: TerminalPalette) =>
  call<StartMilestoneOutcome>('start_milestone', { milestoneId, size, palette });
export const queueCommand = (projectId: string, text: string) =>
  call<QueueOutcome>('queue_command', { projectId, text });
export const queueChange = (projectId: string, change: QueueChange) =>
  call<undefined>('queue_change', { projectId, change });
export const restorePhases = (projectId: string, backupId: string) =>
  call<undefined>('restore_phases', { projectId, backupId });
export const runUnattended = (
  projectId: string,
  milestoneId: string | null,
  prompt: string | null,
  permissionMode: string,
) => call<RunStarted>('run_unattended', { projectId, milestoneId, prompt, permissionMode });
export const openRunLog = (projectId: string) => call<undefined>('open_run_log', { projectId });
export const setMilestoneCommand = (projectId: string, template: string | null) =>
  call<undefined>('set_milestone_command', { projectId, template });

export const storeView = () => call<StoreView>('store_view');
export const readConnection = (text: string) => call<ConnectionParts>('read_connection', { text });
export const testStore = (draft: ConnectionDraft) => call<StoreTest>('test_store', { draft });
/** Uses a connection that was tested; null: this computer's store. */
export const useStore = (draft: ConnectionDraft | null) =>
  call<StoreChosen>('use_store', { draft });
export const giveStorePassword = (password: string) =>
  call<StoreChosen>('give_store_password', { password });
export const askKeyring = () => call<StoreView>('ask_keyring');
export const settleConflict = (conflict: StoreConflict, keep: KeepValue) =>
  call<boolean>('settle_conflict', { conflict, keep });
export const importLocal = (trial: boolean) => call<ImportReport>('import_local', { trial });
export const importProgress = () => call<{ done: number; total: number } | null>('import_progress');
export const stopImport = () => call<undefined>('stop_import');

export const editors = () => call<EditorsView>('editors');
/** Those of these families of fonts that are on this computer. */
export const installedFonts = (names: string[]) => call<string[]>('installed_fonts', { names });
export const monospaceFonts = () => call<string[]>('monospace_fonts');
export const setPreferences = (patch: PreferencesPatch) =>
  call<Preferences>('set_preferences', { patch });
export const writeClipboard = (text: string) => call<undefined>('write_clipboard', { text });
export const readClipboard = () => call<string>('read_clipboard');
export const writePrimary = (text: string) => call<undefined>('write_primary', { text });
export const readPrimary = () => call<string>('read_primary');
/** Puts the clipboard's image into a file and tells its path; null where there is no image. */
export const pasteImage = () => call<string | null>('paste_image');
export const openLink = (url: string) => call<undefined>('open_link', { url });
/** The key that closes the window does what its button does. */
export const requestClose = () => call<undefined>('request_close');
export const closeWindow = (decision: CloseDecision, remember: boolean, toTray: boolean) =>
  call<undefined>('close_window', { decision, remember, toTray });
/** What the menu bar and the notifications go by. */
export const setFront = (front: FrontView) => call<undefined>('set_front', { front });
export const firstPaint = () => call<undefined>('first_paint');
/** A terminal is shown, or what stands in its place. */
export const firstTerminal = () => call<undefined>('first_terminal');

/** What the app tells the window by itself. The events carry next to nothing: read the list again. */
export interface AppEvents {
  projectsChanged: () => void;
  noticesChanged: () => void;
  /** The store is another one, or in another state. */
  storeChanged: () => void;
  openProject: (projectId: string) => void;
  openTerminal: (projectId: string, terminal: string) => void;
  /** `tray`: the app stays in the tray when the window closes. */
  closeRequested: (running: number, tray: boolean) => void;
  /** Milestones, plan or backups of a project changed. */
  workChanged: (projectId: string) => void;
  rang: (projectId: string, terminal: string) => void;
  /** An item of the native menu was chosen. */
  menuAction: (chosen: Chosen) => void;
  /** Files are dragged over this place, in CSS pixels; null: not any more. */
  filesDragged: (at: { x: number; y: number } | null) => void;
  filesDropped: (paths: string[], at: { x: number; y: number }) => void;
}

/** What comes with a drag: the place in pixels of the screen. */
interface Dragged {
  paths?: string[];
  position: { x: number; y: number };
}

function place({ position }: Dragged): { x: number; y: number } {
  return { x: position.x / devicePixelRatio, y: position.y / devicePixelRatio };
}

/** Listens to the app's events for the life of the window. */
export async function listenToApp(events: AppEvents): Promise<void> {
  await Promise.all([
    listen('projects-changed', () => events.projectsChanged()),
    listen('notices-changed', () => events.noticesChanged()),
    listen('store-changed', () => events.storeChanged()),
    listen<{ projectId: string }>('open-project', ({ payload }) =>
      events.openProject(payload.projectId),
    ),
    listen<{ projectId: string; terminal: string }>('open-terminal', ({ payload }) =>
      events.openTerminal(payload.projectId, payload.terminal),
    ),
    listen<{ running: number; tray?: boolean }>('close-requested', ({ payload }) =>
      events.closeRequested(payload.running, payload.tray ?? false),
    ),
    listen<{ projectId: string }>('work-changed', ({ payload }) =>
      events.workChanged(payload.projectId),
    ),
    listen<{ projectId: string; terminal: string }>('rang', ({ payload }) =>
      events.rang(payload.projectId, payload.terminal),
    ),
    listen<Chosen>('menu-action', ({ payload }) => events.menuAction(payload)),
    listen<Dragged>('tauri://drag-enter', ({ payload }) => events.filesDragged(place(payload))),
    listen<Dragged>('tauri://drag-over', ({ payload }) => events.filesDragged(place(payload))),
    listen('tauri://drag-leave', () => events.filesDragged(null)),
    listen<Dragged>('tauri://drag-drop', ({ payload }) =>
      events.filesDropped(payload.paths ?? [], place(payload)),
    ),
  ]);
}
