/** One project's session in this window: its start, its failures, its terminals. */
import { SvelteMap } from 'svelte/reactivity';

import type {
  CommandError,
  FilePosition,
  GridSize,
  ProjectView,
  ResumeFailure,
  StartChoice,
  StartOutcome,
  TerminalView,
} from '../bindings';
import * as ipc from '../ipc';
import { type ClipboardDesk, LiveTerminal } from '../terminal/live.svelte';
import type { Look } from '../terminal/look';
import { type Picture, readPicture } from '../terminal/picture';
import { hostPalette } from '../terminal/theme';
import { clock } from './clock.svelte';
import { reasonOf } from './errors';
import { timestamp } from './text';
import type { SessionFacts } from './words';

/** What a session needs of the window around it. */
export interface SessionHost {
  view: (projectId: string) => ProjectView | undefined;
  look: () => Look;
  /** The list of projects is read again. */
  refresh: () => void;
  /** Shows a file in the person's editor. */
  openFile: (path: string, position: FilePosition | null) => void;
  /** The grid that fills the terminal's place. */
  measure: () => Promise<GridSize>;
  /** The shell that was in front when the window was open the last time. */
  frontBefore: (projectId: string) => string | undefined;
  clipboard: ClipboardDesk;
}

export class ProjectSession implements SessionFacts {
  readonly projectId: string;
  phase = $state<SessionFacts['phase']>('closed');
  resuming = $state(false);
  openingSince = $state('');
  failure = $state.raw<ResumeFailure | null>(null);
  error = $state.raw<CommandError | null>(null);
  picture = $state.raw<Picture | null>(null);
  /** The terminal in front: `claude` or a shell. */
  front = $state('claude');
  readonly terminals = new SvelteMap<string, LiveTerminal>();
  readonly #host: SessionHost;
  /** Counts starts, so that the answer to one that was given up is ignored. */
  #start = 0;
  /** The person gave up a start: what it still brings up is ended, not shown. */
  #givenUp = false;

  constructor(projectId: string, host: SessionHost) {
    this.projectId = projectId;
    this.#host = host;
  }

  get claude(): LiveTerminal | undefined {
    return this.terminals.get('claude');
  }

  get shown(): LiveTerminal | undefined {
    return this.terminals.get(this.front);
  }

  get ended(): SessionFacts['ended'] {
    const claude = this.claude;
    if (!claude || claude.phase !== 'ended') return null;
    return claude.end ?? { code: null, signal: null };
  }

  /** The project is opened: a live session is attached, another one is taken up. */
  open(): void {
    const view = this.#host.view(this.projectId);
    if (this.phase !== 'closed' || !view) return;
    if (view.live) this.#attach(view.live);
    else void this.start(null);
    const front = this.#host.frontBefore(this.projectId);
    const shell = view.shells.find(({ terminal }) => terminal === front);
    if (shell) this.bringToFront(shell);
  }

  /**
   * The terminal in front is about to be shown, when its fonts are there: what its host says is asked
   * for before that.
   */
  async expectShown(fonts: Promise<void>): Promise<void> {
    const view = this.#host.view(this.projectId);
    const terminals = [view?.live, ...(view?.shells ?? [])];
    const front = terminals.find((terminal) => terminal?.terminal === this.front);
    if (front) await this.shown?.expectShown({ cols: front.cols, rows: front.rows }, fonts);
  }

  /** The grid that fills the terminal's place. */
  size(): Promise<GridSize> {
    return this.#host.measure();
  }

  /** Starts or resumes; only a choice of the person ever begins anew. */
  async start(
    choice: StartChoice | null,
    begin: (size: GridSize) => Promise<StartOutcome> = (size) =>
      ipc.startSession(this.projectId, size, hostPalette(), choice),
  ): Promise<void> {
    const view = this.#host.view(this.projectId);
    if (this.phase === 'opening' || !view) return;
    this.#start += 1;
    const start = this.#start;
    this.#givenUp = false;
    this.phase = 'opening';
    this.front = 'claude';
    this.error = null;
    this.failure = null;
    this.resuming = view.sessionId !== null && choice?.kind !== 'startFresh';
    this.openingSince = timestamp();
    clock.expect(this.openingSince);
    this.#drop('claude');
    if (this.resuming && view.hasPicture) void this.#loadPicture(start);
    try {
      const size = await this.#host.measure();
      const outcome = await begin(size);
      if (start !== this.#start) {
        if (this.#givenUp && outcome.kind === 'live') await this.#endClaude();
        return;
      }
      if (outcome.kind === 'live') {
        this.#attach(outcome.terminal);
      } else {
        this.failure = outcome.failure;
        this.phase = 'cannotResume';
        this.picture = null;
      }
    } catch (error) {
      if (start !== this.#start) return;
      this.error = reasonOf(error);
      this.phase = 'failed';
      this.picture = null;
    }
  }

  /** The person does not want any of the choices now. */
  putOff(): void {
    this.#start += 1;
    this.phase = 'notNow';
    this.picture = null;
  }

  /** Gives up a start that is under way. */
  async cancelStart(): Promise<void> {
    this.putOff();
    this.#givenUp = true;
    this.#drop('claude');
    await this.#endClaude();
  }

  /** Ends a claude that may not be there yet; then its start ends it. */
  async #endClaude(): Promise<void> {
    try {
      await ipc.endTerminal(this.projectId, 'claude');
    } catch (error) {
      if (reasonOf(error).code !== 'terminalUnknown') throw error;
    }
  }

  /** Brings a terminal to the front, attaching to it the first time. */
  bringToFront(terminal: TerminalView): void {
    if (!this.terminals.has(terminal.terminal)) this.#add(terminal);
    this.front = terminal.terminal;
  }

  async newShell(): Promise<void> {
    // What is typed from now on is meant for the shell: it must not reach what is in front.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const shell = await ipc.newShell(this.projectId, await this.#host.measure(), hostPalette());
    this.bringToFront(shell);
  }

  async closeShell(terminal: string): Promise<void> {
    const live = this.terminals.get(terminal);
    if (this.front === terminal) this.front = 'claude';
    this.#drop(terminal);
    if (!live || live.phase !== 'ended') await ipc.endTerminal(this.projectId, terminal);
  }

  /** Brings this in line with a list of projects that was asked for at `askedAt`. */
  reconcile(view: ProjectView, askedAt: number): void {
    const claude = view.live && view.live.state.state !== 'ended' ? view.live : undefined;
    const alive: Record<string, TerminalView> = claude ? { claude } : {};
    for (const shell of view.shells) alive[shell.terminal] = shell;
    for (const [key, terminal] of [...this.terminals]) {
      const now = alive[key];
      if (now && now.hostPid !== terminal.hostPid) {
        // Ended and started again elsewhere: another program, another terminal.
        this.#drop(key);
        this.#add(now);
      } else if (!now && terminal.createdAt < askedAt) {
        // How it ended is only known if its host lived long enough to write it down.
        const end = key === 'claude' ? view.lastEnd : null;
        terminal.hostIsGone(end && Date.parse(end.at) >= terminal.openedAt ? end : null);
      }
    }
    const waiting = ['cannotResume', 'failed', 'notNow'].includes(this.phase);
    if (claude && waiting && !this.#givenUp) this.#attach(claude);
  }

  dispose(): void {
    this.#start += 1;
    for (const key of [...this.terminals.keys()]) this.#drop(key);
  }

  async #loadPicture(start: number): Promise<void> {
    try {
      const picture = readPicture(await ipc.lastPicture(this.projectId));
      if (start === this.#start && this.phase !== 'cannotResume') this.picture = picture;
    } catch {
      // Without a picture the terminal stays empty until the session is there.
    }
  }

  #attach(terminal: TerminalView): void {
    this.#drop('claude');
    this.#add(terminal);
    this.phase = 'open';
  }

  #add(terminal: TerminalView): void {
    clock.expect(terminal.since);
    const live = new LiveTerminal(
      this.projectId,
      terminal.terminal,
      terminal.hostPid,
      this.#host.look(),
      () => this.#host.refresh(),
      (file, position) => this.#host.openFile(file.path, position),
    );
    live.clipboard = this.#host.clipboard;
    this.terminals.set(terminal.terminal, live);
  }

  #drop(key: string): void {
    this.terminals.get(key)?.dispose();
    this.terminals.delete(key);
  }
}
