/**
 * A live terminal as the window shows it: the viewer's half of the session protocol. It resizes
 * only when the host says so, acknowledges what was parsed, and sends what was typed.
 */
import type { GridSize } from '../bindings';
import * as ipc from '../ipc';
import { Acknowledgements } from './acknowledgements';
import type { FileHost } from './file-links';
import { decodeFrames, type HostFrame } from './frames';
import { InputQueue } from './input';
import { knownSize, rememberSize } from './known-size';
import { type Holder, isGone, isShown } from './most-recent';
import { pasteable } from './paste';
import type { KeyboardModes } from './keyboard-modes';
import { putLineCells } from './line-cells';
import type { LineNumbers } from './line-numbers';
import type { Look } from './look';
import type { Reading } from './reading-place';
import type { ScreenElement } from './screen';
import type { Selected } from './selected';
import { hostPalette } from './theme';
import { disposeView, makeView, type View } from './view';
import { WholeCharacters } from './whole-characters';
import { RESET } from './xterm-options';

/** The most that is parsed without a look at the clock. */
const WRITE_BYTES = 32 * 1024;
/** What the host says at once is waited for this long before the window is drawn. */
const EARLY_MS = 50;
/** A window that is being dragged asks for a new size at most this often. */
const RESIZE_MS = 60;
/** A stream that cannot be followed is attached again, but not for ever. */
const MAX_REATTACH = 3;

/** The window's side of pasting and copying. */
export interface ClipboardDesk {
  /** `told`: the program is told where a paste begins and ends. */
  paste: (terminal: LiveTerminal, text: string, told: boolean) => void;
  /** A program asks to put a text into the clipboard, or would have, were it not too long. */
  programCopies: (terminal: LiveTerminal, text: string, primary: boolean, tooLong: boolean) => void;
}

export type Phase = 'connecting' | 'live' | 'ended' | 'lost';

export interface LiveEnd {
  code: number;
  signal: number | null;
}

/** What is to be seen, in the order of the stream. */
type ShownFrame = Extract<
  HostFrame,
  {
    type:
      | 'snapshotStart'
      | 'snapshotBytes'
      | 'snapshotLines'
      | 'snapshotEnd'
      | 'repaint'
      | 'output'
      | 'resized';
  }
>;

export class LiveTerminal implements Holder {
  readonly projectId: string;
  readonly terminalKey: string;
  /** The host it is attached to; another host is another terminal. */
  readonly hostPid: number;
  /** A list of terminals that was asked for earlier cannot know this one. */
  readonly createdAt = performance.now();
  readonly openedAt = Date.now();
  phase = $state<Phase>('connecting');
  /** Something was drawn: the dimmed picture may go. */
  painted = $state(false);
  end = $state<LiveEnd | null>(null);
  /** Why the connection was lost. */
  lost = $state<string | null>(null);
  /** What did not reach the program. */
  inputLost = $state<{ bytes: number; reason: string } | null>(null);
  /** The grid as the host has it, and who keeps it smaller than this window wants. */
  grid = $state<GridSize>({ cols: 80, rows: 24 });
  limitedBy = $state<string | null>(null);
  hasSelection = $state(false);
  smaller = $state(false);

  /** The turn that was gone to last, and where the history stood then. */
  turn: { row: number; viewportY: number } | null = null;

  /** Who asks the person about pastes and looks after the clipboard. */
  clipboard: ClipboardDesk | null = null;

  readonly #onLost: () => void;
  readonly #input: InputQueue;
  readonly #whole = new WholeCharacters();
  #attachment: number | null = null;
  /** Counts attachments, so that messages of an earlier one are not mixed in. */
  #generation = 0;
  #reattached = 0;
  #expected: number | null = null;
  #snapshotOffset = 0;
  #firstLine = 0;
  readonly #acks = new Acknowledgements((offset, painted) => {
    if (this.#attachment === null) return;
    void ipc.ackTerminal(this.#attachment, offset, painted).catch(() => undefined);
  });
  /** Where the person read before the snapshot that is being parsed. */
  #reading: Reading | null = null;
  #look: Look;
  /** Its xterm.js while it holds one: since it was shown, until enough others were. */
  #view: View | null = null;
  /** What its host said before it was shown, which was expected. */
  #early: Uint8Array[] | null = null;
  #heard = (): void => undefined;
  /** What the host said at the program's end while it held none. */
  #kept: HostFrame[] = [];
  #wanted: GridSize | null = null;
  #visible = false;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  /** The folder that the program said it is in (OSC 7). */
  #folder: string | null = null;
  readonly #openFile: FileHost['open'];

  /**
   * `onLost` is told when the connection ended without a word about the program, `openFile` what
   * the person wants to see in the editor.
   */
  constructor(
    projectId: string,
    terminalKey: string,
    hostPid: number,
    look: Look,
    onLost: () => void,
    openFile: FileHost['open'],
  ) {
    this.#onLost = onLost;
    this.#openFile = openFile;
    this.projectId = projectId;
    this.terminalKey = terminalKey;
    this.hostPid = hostPid;
    this.#look = look;
    this.#input = new InputQueue((error, bytes) => {
      this.inputLost = { bytes, reason: reason(error) };
    });
  }

  get screen(): ScreenElement {
    return this.#held.screen;
  }

  /** What the program asked the keyboard for. */
  get keyboardModes(): KeyboardModes {
    return this.#held.keyboardModes;
  }

  /** The absolute numbers of the viewer's lines, as the host counts them. */
  get lines(): LineNumbers {
    return this.#held.lines;
  }

  /** Its xterm.js, made where it holds none. */
  get #held(): View {
    this.#view ??= this.#makeView();
    return this.#view;
  }

  #makeView(): View {
    // What its host is asked for is most likely what it has: then nothing is arranged anew.
    return makeView(this.#look, this.#wanted ?? this.grid, {
      typed: (text) => this.#input.text(text),
      binary: (data) => this.#input.binary(data),
      selected: (hasSelection) => (this.hasSelection = hasSelection),
      pasted: (read) => void this.pasteFrom(read),
      findFiles: (names) => ipc.findFiles(this.projectId, this.terminalKey, this.#folder, names),
      openFile: this.#openFile,
    });
  }

  /**
   * It is about to be shown: its host is asked for everything before the window is drawn. `grid` is
   * what the host has; the one that fills the window follows when that is known. Waits a little for
   * what the host says first, so that it is drawn with the rest; its xterm.js is made meanwhile, once
   * the `fonts` are there.
   */
  async expectShown(grid: GridSize, fonts: Promise<void>): Promise<void> {
    if (this.#generation > 0) return;
    this.#wanted = grid;
    this.#visible = true;
    this.#early = [];
    void this.#attach();
    const heard = new Promise<void>((heard) => {
      this.#heard = heard;
      setTimeout(heard, EARLY_MS);
    });
    await fonts;
    if (!this.#disposed) this.#view ??= this.#makeView();
    await heard;
  }

  /** Shows the terminal in `container`, attaching to its host the first time. */
  show(container: HTMLElement): void {
    const early = this.#early;
    this.#early = null;
    const isEmpty = (this.#view === null && early === null) || this.#generation === 0;
    this.#visible = true;
    const size = isEmpty ? knownSize(container, this.#look) : null;
    if (size) {
      this.#wanted = size;
      this.#fill();
    }
    const { screen, keyboard, renderer } = this.#held;
    screen.element.hidden = false;
    screen.open(container);
    keyboard.connect();
    renderer.seen = true;
    this.fit();
    if (isEmpty) {
      if (!size) this.#fill();
      this.#showKept();
    } else this.#sendSize();
    for (const message of early ?? []) this.#receive(message);
    isShown(this);
  }

  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    if (this.#view) {
      this.#view.renderer.seen = false;
      this.#view.screen.element.hidden = true;
    }
    this.#sendSize();
  }

  /**
   * Lets its xterm.js go while others are shown; the host fills another one later. What the
   * program left when it ended nobody has but this.
   */
  letGo(): boolean {
    const isOver = this.phase === 'ended' || this.phase === 'lost';
    if (this.#visible || isOver || !this.#view) return false;
    this.#reading = this.#view.place.now();
    this.#dropView();
    this.#kept = [];
    return true;
  }

  #dropView(): void {
    if (this.#view) disposeView(this.#view);
    this.#view = null;
    this.hasSelection = false;
  }

  /** Has an xterm.js that is made anew filled by the host. */
  #fill(): void {
    if (this.phase !== 'live' && this.phase !== 'connecting') return;
    if (this.#generation > 0) {
      this.#detach();
      this.#input.hold();
    }
    void this.#attach();
  }

  /** Of a program that has ended the host says nothing more: what it said last is shown. */
  #showKept(): void {
    const kept = this.#kept;
    this.#kept = [];
    if (this.phase === 'ended') for (const frame of kept) this.#handle(frame);
  }

  /** Whether it is in front of a window that can be seen; only then its size counts. */
  get #seen(): boolean {
    return this.#visible && !document.hidden;
  }

  /** The window was hidden or came back. */
  visibilityChanged(): void {
    if (this.#visible) this.#sendSize();
  }

  /** Asks the host for the size that fills the window; the grid follows its answer. */
  fit(): void {
    const size = this.screen.proposed();
    if (!size) return;
    const place = this.screen.element.parentElement;
    if (place) rememberSize(place, this.#look, size);
    const same = this.#wanted?.cols === size.cols && this.#wanted.rows === size.rows;
    this.#wanted = size;
    this.#compare();
    if (same || this.#generation === 0) return;
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => this.#sendSize(), RESIZE_MS);
  }

  setLook(look: Look): void {
    this.#look = look;
    if (this.#view) {
      this.#view.screen.look = look;
      this.#view.renderer.choice = look.renderer;
    }
    if (this.#visible) this.fit();
  }

  updateTheme(): void {
    this.#view?.screen.updateTheme();
    this.#sendPalette();
  }

  focus(): void {
    this.screen.terminal.focus();
  }

  selection(): string {
    return this.#view?.selection.text ?? '';
  }

  /** Pastes as the person's settings say: what would act at once is shown to them first. */
  paste(text: string): void {
    this.clipboard?.paste(this, text, this.screen.terminal.modes.bracketedPasteMode);
  }

  /**
   * Pastes what `read` finds; the empty text where there is nothing. Keys that are pressed before
   * it answers come after the paste. They go nowhere when that failed, when another terminal is in
   * front by then, and when the person is asked about the paste first.
   */
  async pasteFrom(read: () => Promise<string | undefined>): Promise<void> {
    const place = this.#input.keepPlace();
    const text = await read().catch(() => undefined);
    if (text === '') place.release();
    else
      place.fill(() => {
        if (text && this.#visible) this.paste(text);
      });
  }

  /** Pastes what the person agreed to. */
  pasteUnasked(text: string): void {
    const clean = pasteable(text);
    if (clean && !this.#disposed) this.screen.terminal.paste(clean);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#acks.close();
    clearTimeout(this.#resizeTimer);
    this.#input.disconnect();
    this.#detach();
    isGone(this);
    this.#dropView();
  }

  async #attach(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#early &&= [];
    this.#expected = null;
    this.#acks.restart();
    // What could not be measured yet must not make the grid small.
    const size = this.#wanted ?? { cols: 80, rows: 24 };
    const visible = this.#seen && this.#wanted !== null;
    try {
      const attachment = await ipc.attachTerminal(
        this.projectId,
        this.terminalKey,
        size,
        visible,
        hostPalette(),
        (message) => {
          if (generation === this.#generation && !this.#disposed) this.#receive(message);
        },
      );
      if (this.#disposed || generation !== this.#generation) {
        void ipc.detachTerminal(attachment).catch(() => undefined);
        return;
      }
      this.#attachment = attachment;
      this.#input.connect((bytes) => ipc.terminalInput(attachment, bytes));
      const wanted = this.#wanted;
      if (wanted && (wanted.cols !== size.cols || wanted.rows !== size.rows)) this.#sendSize();
      this.#acks.open();
    } catch (error) {
      if (generation === this.#generation) this.#lose(reason(error));
    }
  }

  #detach(): void {
    this.#generation += 1;
    const attachment = this.#attachment;
    this.#attachment = null;
    if (attachment !== null) void ipc.detachTerminal(attachment).catch(() => undefined);
  }

  #receive(message: Uint8Array): void {
    if (this.#early) {
      this.#early.push(message);
      this.#heard();
      return;
    }
    try {
      for (const frame of decodeFrames(message)) this.#handle(frame);
    } catch (error) {
      this.#again(reason(error));
    }
  }

  #handle(frame: HostFrame): void {
    switch (frame.type) {
      case 'event':
        this.#handleEvent(frame.event);
        break;
      case 'refused':
        this.#lose(frame.message);
        break;
      case 'ended':
        this.end = { code: frame.code, signal: frame.signal };
        this.phase = 'ended';
        this.#input.disconnect();
        break;
      case 'status':
      case 'pong':
        break;
      default:
        if (this.#view) this.#show(this.#view, frame);
        else this.#keep(frame);
    }
  }

  /** Takes in what is to be seen. */
  #show(view: View, frame: ShownFrame): void {
    const { terminal } = view.screen;
    switch (frame.type) {
      case 'snapshotStart':
        this.#expected = null;
        this.#snapshotOffset = frame.offset;
        this.#firstLine = frame.firstLine;
        this.#whole.reset();
        // One that was not finished left nothing to read.
        terminal.write('', () => (this.#reading ??= view.place.now()));
        terminal.write(RESET, () => {
          view.drawing.hold();
          view.screen.restart(frame.scrollback);
          this.#setGrid(frame);
        });
        break;
      case 'snapshotBytes': {
        const { length } = frame.bytes;
        this.#write(view, frame.bytes, () => this.#acks.painted(length));
        break;
      }
      case 'snapshotLines':
        terminal.write('', () => {
          putLineCells(terminal, frame.cells);
          this.#acks.painted(frame.cells.bytes);
        });
        break;
      case 'snapshotEnd': {
        const offset = this.#snapshotOffset;
        const firstLine = this.#firstLine;
        this.#expected = offset;
        terminal.write('', () => {
          view.lines.restart(firstLine);
          if (this.#reading) view.place.putBack(this.#reading);
          this.#reading = null;
          view.drawing.release();
          if (this.phase === 'connecting') {
            this.phase = 'live';
            this.#tellFocus();
          }
          this.#reattached = 0;
          this.#parsedTo(offset, true);
        });
        break;
      }
      case 'repaint':
        this.#repaint(view, frame);
        break;
      case 'output': {
        if (frame.offset !== this.#expected) {
          this.#again(`output from ${String(frame.offset)} after ${String(this.#expected)}`);
          break;
        }
        const after = frame.offset + frame.bytes.length;
        this.#expected = after;
        this.#write(view, frame.bytes, () => this.#parsedTo(after));
        break;
      }
      case 'resized':
        terminal.write('', () => {
          this.limitedBy = frame.limitedBy;
          this.#setGrid(frame);
        });
        break;
    }
  }

  /**
   * The window that had the focus before is gone, and the program may have been told that
   * nobody looks: now somebody does.
   */
  #tellFocus(): void {
    const { modes, textarea } = this.screen.terminal;
    if (!modes.sendFocusMode || !document.hasFocus()) return;
    if (document.activeElement === textarea) this.#input.text('\x1b[I');
  }

  #handleEvent(event: { event: string; [field: string]: unknown }): void {
    const text = event['text'];
    const path = event['path'];
    if (event.event === 'working_directory' && typeof path === 'string') this.#folder = path;
    if (event.event !== 'clipboard' || typeof text !== 'string') return;
    const tooLong = event['too_long'] === true;
    const selection = event['selection'];
    const primary = typeof selection === 'string' && /^p/i.test(selection);
    if (text !== '' || tooLong) this.clipboard?.programCopies(this, text, primary, tooLong);
  }

  /** While it holds no xterm.js it is sent only what the program left at its end: that is kept. */
  #keep(frame: ShownFrame): void {
    if (frame.type === 'snapshotStart') {
      this.#kept = [];
      this.#snapshotOffset = frame.offset;
    } else if (this.#kept.length === 0) return;
    if (frame.type === 'snapshotBytes' || frame.type === 'output') {
      // The rest of its message would stay with it.
      this.#kept.push({ ...frame, bytes: frame.bytes.slice() });
    } else this.#kept.push(frame);
    if (frame.type === 'snapshotBytes') this.#acks.painted(frame.bytes.length);
    if (frame.type === 'snapshotLines') this.#acks.painted(frame.cells.bytes);
    if (frame.type === 'snapshotEnd') this.#parsedTo(this.#snapshotOffset, true);
  }

  /** The screen of the present, while there is more output than can be parsed. */
  #repaint(view: View, frame: HostFrame & { type: 'repaint' }): void {
    const { terminal } = view.screen;
    const { offset, bytes, firstLine } = frame;
    let selected: Selected | null = null;
    this.#expected = null;
    this.#whole.reset();
    terminal.write('', () => {
      selected = view.selection.now;
      if (terminal.cols !== frame.cols || terminal.rows !== frame.rows) this.#setGrid(frame);
    });
    this.#write(view, bytes, () => {
      view.lines.repainted(firstLine);
      if (selected) view.selection.repainted(selected);
      this.#acks.painted(bytes.length);
      this.#parsedTo(offset, true);
    });
  }

  /** xterm.js parses a piece in one go: small ones leave the window time to draw. */
  #write(view: View, bytes: Uint8Array, parsed?: () => void): void {
    let at = 0;
    do {
      const piece = this.#whole.next(bytes.subarray(at, at + WRITE_BYTES));
      at += WRITE_BYTES;
      view.screen.terminal.write(piece, at < bytes.length ? undefined : parsed);
    } while (at < bytes.length);
  }

  #setGrid(size: GridSize): void {
    const { cols, rows } = size;
    if (this.#disposed || !this.#view) return;
    const { screen, selection } = this.#view;
    selection.through(() => screen.terminal.resize(cols, rows));
    this.grid = { cols, rows };
    this.#compare();
  }

  #compare(): void {
    const wanted = this.#wanted;
    this.smaller =
      wanted !== null && (this.grid.cols < wanted.cols || this.grid.rows < wanted.rows);
    this.#view?.screen.element.classList.toggle('letterboxed', this.smaller);
  }

  #parsedTo(offset: number, hostWaits = false): void {
    if (this.#disposed) return;
    if (!this.painted && this.#view?.screen.hasContent()) this.painted = true;
    this.#acks.parsedTo(offset, hostWaits);
  }

  #sendSize(): void {
    clearTimeout(this.#resizeTimer);
    if (this.#attachment === null || !this.#wanted) return;
    void ipc.resizeTerminal(this.#attachment, this.#wanted, this.#seen).catch(() => undefined);
  }

  #sendPalette(): void {
    if (this.#attachment === null) return;
    void ipc.setPalette(this.#attachment, hostPalette()).catch(() => undefined);
  }

  /** The stream cannot be followed any more: a new attachment starts with a snapshot. */
  #again(why: string): void {
    if (this.#disposed) return;
    this.#detach();
    this.#input.hold();
    if (this.#reattached >= MAX_REATTACH) {
      this.#lose(why);
      return;
    }
    this.#reattached += 1;
    void this.#attach();
  }

  #lose(why: string): void {
    if (this.phase === 'ended') return;
    this.#detach();
    this.#input.disconnect();
    this.lost = why;
    this.phase = 'lost';
    this.#onLost();
  }

  /** Connects again after the connection was lost. */
  reconnect(): void {
    if (this.phase !== 'lost') return;
    this.lost = null;
    this.phase = 'connecting';
    this.#input.hold();
    this.#reattached = 0;
    void this.#attach();
  }

  /** The connection is lost and the app says that the host is gone, too. */
  hostIsGone(end: LiveEnd | null): void {
    if (this.phase !== 'lost') return;
    this.#detach();
    this.end = end;
    this.phase = 'ended';
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
