/**
 * A live terminal as the window shows it: the viewer's half of the session protocol. It resizes
 * only when the host says so, acknowledges what was parsed, and sends what was typed.
 */
import type { GridSize } from '../bindings';
import { t } from '../i18n/index.svelte';
import * as ipc from '../ipc';
import { plain } from '../state/text';
import { Drawing } from './drawing';
import { decodeFrames, type HostFrame } from './frames';
import { InputQueue } from './input';
import { Keyboard } from './keyboard';
import { KeyboardModes } from './keyboard-modes';
import { LineNumbers } from './line-numbers';
import type { Look } from './look';
import { Mouse } from './mouse';
import { pasteable } from './paste';
import { swallowQueries } from './queries';
import { type Reading, ReadingPlace } from './reading-place';
import { ScreenElement } from './screen';
import { hostPalette } from './theme';
import { WholeCharacters } from './whole-characters';
import { RESET } from './xterm-options';

/** One acknowledgement for this many parsed bytes. */
const ACK_BYTES = 64 * 1024;
/** The most that is parsed without a look at the clock. */
const WRITE_BYTES = 32 * 1024;
/** What is parsed of a quiet stream is acknowledged after this time. */
const ACK_REST_MS = 100;
/** A window that is being dragged asks for a new size at most this often. */
const RESIZE_MS = 60;
/** A stream that cannot be followed is attached again, but not for ever. */
const MAX_REATTACH = 3;

export type Phase = 'connecting' | 'live' | 'ended' | 'lost';

export interface LiveEnd {
  code: number;
  signal: number | null;
}

export class LiveTerminal {
  readonly projectId: string;
  readonly terminalKey: string;
  /** The host it is attached to; another host is another terminal. */
  readonly hostPid: number;
  readonly screen: ScreenElement;
  /** What the program asked the keyboard for. */
  readonly keyboardModes: KeyboardModes;
  /** The absolute numbers of the viewer's lines, as the host counts them. */
  readonly lines: LineNumbers;
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

  readonly #onLost: () => void;
  readonly #input: InputQueue;
  readonly #keyboard: Keyboard;
  readonly #whole = new WholeCharacters();
  #attachment: number | null = null;
  /** Counts attachments, so that messages of an earlier one are not mixed in. */
  #generation = 0;
  #reattached = 0;
  #expected: number | null = null;
  #snapshotOffset = 0;
  #firstLine = 0;
  #parsed = 0;
  #acked = 0;
  /** Bytes of snapshots and repaints. */
  #painted = 0;
  #paintedAcked = 0;
  /** Where the person read before the snapshot that is being parsed. */
  #reading: Reading | null = null;
  readonly #place: ReadingPlace;
  readonly #drawing: Drawing;
  #ackTimer: ReturnType<typeof setTimeout> | undefined;
  #wanted: GridSize | null = null;
  #visible = false;
  #resizeTimer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  /** `onLost` is told when the connection ended without a word about the program. */
  constructor(
    projectId: string,
    terminalKey: string,
    hostPid: number,
    look: Look,
    onLost: () => void,
  ) {
    this.#onLost = onLost;
    this.projectId = projectId;
    this.terminalKey = terminalKey;
    this.hostPid = hostPid;
    this.screen = new ScreenElement(look, {
      open: (url) => void ipc.openLink(url).catch(() => undefined),
      hover: (url) => {
        this.screen.element.title = url === null ? '' : t('link.hint', { url: plain(url) });
      },
    });
    this.#input = new InputQueue((error, bytes) => {
      this.inputLost = { bytes, reason: reason(error) };
    });
    const terminal = this.screen.terminal;
    this.lines = new LineNumbers(terminal);
    this.#place = new ReadingPlace(terminal, this.lines);
    this.#drawing = new Drawing(terminal);
    const silence = swallowQueries(terminal);
    terminal.onData((data) => {
      if (!silence.focusIsSilent) this.#input.text(data);
    });
    terminal.onSelectionChange(() => {
      this.hasSelection = terminal.hasSelection();
    });
    terminal.onBinary((data) => this.#input.binary(data));
    this.keyboardModes = new KeyboardModes(terminal);
    this.#keyboard = new Keyboard(this.screen, this.keyboardModes, (text, acts) =>
      terminal.input(text, acts),
    );
    new Mouse(this.screen, (text) => this.paste(text));
  }

  /** Shows the terminal in `container`, attaching to its host the first time. */
  show(container: HTMLElement): void {
    this.screen.element.hidden = false;
    this.screen.open(container);
    this.#keyboard.connect();
    this.#visible = true;
    this.fit();
    if (this.#generation === 0) void this.#attach();
    else this.#sendSize();
  }

  hide(): void {
    if (!this.#visible) return;
    this.#visible = false;
    this.screen.element.hidden = true;
    this.#sendSize();
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
    const same = this.#wanted?.cols === size.cols && this.#wanted.rows === size.rows;
    this.#wanted = size;
    this.#compare();
    if (same || this.#generation === 0) return;
    clearTimeout(this.#resizeTimer);
    this.#resizeTimer = setTimeout(() => this.#sendSize(), RESIZE_MS);
  }

  setLook(look: Look): void {
    this.screen.look = look;
    if (this.#visible) this.fit();
  }

  updateTheme(): void {
    this.screen.updateTheme();
    this.#sendPalette();
  }

  focus(): void {
    this.screen.terminal.focus();
  }

  selection(): string {
    return this.screen.terminal.getSelection();
  }

  paste(text: string): void {
    const clean = pasteable(text);
    if (clean) this.screen.terminal.paste(clean);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#ackTimer);
    clearTimeout(this.#resizeTimer);
    this.#input.disconnect();
    this.#detach();
    this.screen.dispose();
  }

  async #attach(): Promise<void> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#expected = null;
    this.#parsed = 0;
    this.#acked = 0;
    this.#painted = 0;
    this.#paintedAcked = 0;
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
      this.#scheduleAck();
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
    try {
      for (const frame of decodeFrames(message)) this.#handle(frame);
    } catch (error) {
      this.#again(reason(error));
    }
  }

  #handle(frame: HostFrame): void {
    const terminal = this.screen.terminal;
    switch (frame.type) {
      case 'snapshotStart':
        this.#expected = null;
        this.#snapshotOffset = frame.offset;
        this.#firstLine = frame.firstLine;
        this.#whole.reset();
        // One that was not finished left nothing to read.
        terminal.write('', () => (this.#reading ??= this.#place.now()));
        terminal.write(RESET, () => {
          this.#drawing.hold();
          this.screen.restart(frame.scrollback);
          this.#setGrid(frame);
        });
        break;
      case 'snapshotBytes': {
        const { length } = frame.bytes;
        this.#write(frame.bytes, () => this.#paintedBytes(length));
        break;
      }
      case 'snapshotEnd': {
        const offset = this.#snapshotOffset;
        const firstLine = this.#firstLine;
        this.#expected = offset;
        terminal.write('', () => {
          this.lines.restart(firstLine);
          if (this.#reading) this.#place.putBack(this.#reading);
          this.#reading = null;
          this.#drawing.release();
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
        this.#repaint(frame);
        break;
      case 'output': {
        if (frame.offset !== this.#expected) {
          this.#again(`output from ${String(frame.offset)} after ${String(this.#expected)}`);
          break;
        }
        const after = frame.offset + frame.bytes.length;
        this.#expected = after;
        this.#write(frame.bytes, () => this.#parsedTo(after));
        break;
      }
      case 'resized':
        terminal.write('', () => {
          this.limitedBy = frame.limitedBy;
          this.#setGrid(frame);
        });
        break;
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
    if (event.event !== 'clipboard' || typeof text !== 'string' || text === '') return;
    const selection = event['selection'];
    const primary = typeof selection === 'string' && /^p/i.test(selection);
    void (primary ? ipc.writePrimary(text) : ipc.writeClipboard(text)).catch(() => undefined);
  }

  /** The screen of the present, while there is more output than can be parsed. */
  #repaint(frame: HostFrame & { type: 'repaint' }): void {
    const terminal = this.screen.terminal;
    const { offset, bytes, firstLine } = frame;
    let reading: Reading | null = null;
    this.#expected = null;
    this.#whole.reset();
    terminal.write('', () => {
      reading = this.#place.now();
      if (terminal.cols !== frame.cols || terminal.rows !== frame.rows) this.#setGrid(frame);
    });
    this.#write(bytes, () => {
      this.lines.repainted(firstLine);
      if (reading) this.#place.selectAgain(reading);
      this.#painted += bytes.length;
      this.#parsedTo(offset, true);
    });
  }

  /** xterm.js parses a piece in one go: small ones leave the window time to draw. */
  #write(bytes: Uint8Array, parsed?: () => void): void {
    let at = 0;
    do {
      const piece = this.#whole.next(bytes.subarray(at, at + WRITE_BYTES));
      at += WRITE_BYTES;
      this.screen.terminal.write(piece, at < bytes.length ? undefined : parsed);
    } while (at < bytes.length);
  }

  #setGrid(size: GridSize): void {
    const { cols, rows } = size;
    if (this.#disposed) return;
    this.screen.terminal.resize(cols, rows);
    this.grid = { cols, rows };
    this.#compare();
  }

  #compare(): void {
    const wanted = this.#wanted;
    this.smaller =
      wanted !== null && (this.grid.cols < wanted.cols || this.grid.rows < wanted.rows);
    this.screen.element.classList.toggle('letterboxed', this.smaller);
  }

  /** The host waits for what is parsed of snapshots and repaints: that is told `atOnce`. */
  #parsedTo(offset: number, atOnce = false): void {
    if (this.#disposed) return;
    this.#parsed = offset;
    if (!this.painted && this.screen.hasContent()) this.painted = true;
    if (atOnce || this.#unacknowledged() >= ACK_BYTES) this.#ack();
    else this.#scheduleAck();
  }

  #paintedBytes(count: number): void {
    this.#painted += count;
    if (this.#unacknowledged() >= ACK_BYTES) this.#ack();
  }

  #unacknowledged(): number {
    return this.#parsed - this.#acked + this.#painted - this.#paintedAcked;
  }

  #scheduleAck(): void {
    if (this.#unacknowledged() === 0 || this.#ackTimer !== undefined) return;
    this.#ackTimer = setTimeout(() => this.#ack(), ACK_REST_MS);
  }

  #ack(): void {
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    if (this.#attachment === null || this.#unacknowledged() === 0) return;
    this.#acked = this.#parsed;
    this.#paintedAcked = this.#painted;
    void ipc.ackTerminal(this.#attachment, this.#parsed, this.#painted).catch(() => undefined);
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
