/**
 * Keeps a selection to the text that the person selected. xterm.js keeps to the cells: where a
 * program writes something else into them, or they leave the scrollback, another text would be
 * copied; and whatever fills the buffer anew would end it.
 */
import type { IDisposable, Terminal } from '@xterm/xterm';

import type { LineNumbers } from './line-numbers';
import { type Place, remaining, type Selected } from './selected';

/** For so long a selection may be another text: programs erase a screen before they redraw it. */
const REDRAWN_WITHIN_MS = 150;

type Cell = [x: number, y: number];

/** The parts of xterm.js that have no public name. */
interface Core {
  coreService: { onUserInput: (typed: () => void) => IDisposable };
  /** There once it is in the page. */
  _selectionService?: {
    _model: {
      selectionStart?: Cell | undefined;
      selectionEnd?: Cell | undefined;
      selectionStartLength: number;
    };
    _activeSelectionMode: number;
    refresh(): void;
    /** Selecting by the mouse ended them: it goes on. */
    _addMouseDownListeners(): void;
  };
}

export class SameSelection {
  readonly #terminal: Terminal;
  readonly #lines: LineNumbers;
  readonly #changed: (hasSelection: boolean) => void;
  #selected: Selected | null = null;
  /** What is selected and not in the viewer now: the next snapshot may bring it back. */
  #away: Selected | null = null;
  /** Whether a program could write into it since it was looked at. */
  #wasOnScreen = false;
  #differed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The person selects at this moment. */
  #selecting = false;
  /** What changes is put there by this, and nobody's wish. */
  #putting = false;

  /** `changed` is told whether anything is selected. */
  constructor(
    terminal: Terminal,
    lines: LineNumbers,
    element: HTMLElement,
    changed: (hasSelection: boolean) => void,
  ) {
    this.#terminal = terminal;
    this.#lines = lines;
    this.#changed = changed;
    terminal.onSelectionChange(() => this.#chosen());
    terminal.onWriteParsed(() => this.#lookLater());
    this.#core.coreService.onUserInput(() => (this.#away = null));
    element.addEventListener('mousedown', this.#pressed, true);
    document.addEventListener('mouseup', this.#released);
  }

  /** The text that the person selected; empty where nothing is. */
  get text(): string {
    if (this.#selecting) return this.#terminal.getSelection();
    this.#leave();
    return this.#selected?.text ?? '';
  }

  /** What is selected now, to be put back by `putBack`. */
  get now(): Selected | null {
    return this.#selecting ? this.#read() : (this.#selected ?? this.#away);
  }

  /**
   * Selects again where its lines are now what was selected before they were painted anew: what
   * is missing may come back with the next snapshot.
   */
  repainted(selected: Selected): void {
    const terminal = this.#terminal;
    const { viewportY, baseY } = terminal.buffer.active;
    const isAlternate = selected.buffer === 'alternate';
    if (isAlternate && terminal.hasSelection()) return;
    // Who reads further up keeps it there, although its lines are on the new screen as well.
    if (viewportY < baseY && terminal.getSelection() === selected.text) return;
    if (this.#put(selected)) return;
    this.#end();
    if (!isAlternate) this.#away = selected;
  }

  /** Selects again what was selected before the buffer was filled anew, where it is the same. */
  putBack(selected: Selected): void {
    this.#away = null;
    if (!this.#put(selected)) this.#end();
  }

  /** Keeps it while `change` gives the terminal another grid. */
  through(change: () => void): void {
    const selected = this.#terminal.hasSelection() ? this.now : null;
    change();
    if (selected) this.putBack(selected);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    document.removeEventListener('mouseup', this.#released);
  }

  get #core(): Core {
    return (this.#terminal as unknown as { _core: Core })._core;
  }

  readonly #pressed = (event: MouseEvent) => {
    if (event.button !== 0) return;
    this.#selecting = true;
    this.#away = null;
  };

  /** Wherever the pointer is then. xterm.js ends the selection with this very event. */
  readonly #released = (event: MouseEvent) => {
    if (event.button !== 0 || !this.#selecting) return;
    setTimeout(() => {
      this.#selecting = false;
      this.#chosen();
    });
  };

  /** Something else is selected, or nothing any more. */
  #chosen(): void {
    if (this.#putting) return;
    this.#take(this.#read());
  }

  #take(selected: Selected | null): void {
    this.#selected = selected;
    this.#wasOnScreen = true;
    this.#differed = false;
    this.#changed(selected !== null);
  }

  #end(): void {
    this.#putting = true;
    this.#terminal.clearSelection();
    this.#putting = false;
    this.#take(null);
  }

  #read(): Selected | null {
    const terminal = this.#terminal;
    const place = terminal.getSelectionPosition();
    const service = this.#core._selectionService;
    const text = place ? terminal.getSelection() : '';
    if (!place || !service || text === '') return null;
    const { type } = terminal.buffer.active;
    const at = (x: number, y: number): Place => ({
      x,
      line: type === 'normal' ? this.#lines.numberOf(y) : y,
    });
    const { selectionStart, selectionEnd, selectionStartLength } = service._model;
    const from = at(place.start.x, place.start.y);
    const to = at(place.end.x, place.end.y);
    return {
      buffer: type,
      cols: terminal.cols,
      text,
      from,
      to,
      // All of the buffer is selected without either.
      anchor: selectionStart ? at(...selectionStart) : from,
      head: selectionStart ? (selectionEnd ? at(...selectionEnd) : null) : to,
      atLeast: selectionStart ? selectionStartLength : 0,
      mode: service._activeSelectionMode,
    };
  }

  /** Selects it where its lines are now; false when that is nowhere, or another text. */
  #put(selected: Selected): boolean {
    const terminal = this.#terminal;
    const service = this.#core._selectionService;
    const buffer = terminal.buffer.active;
    if (!service || buffer.type !== selected.buffer || terminal.cols !== selected.cols) {
      return false;
    }
    const left = remaining(selected, this.#lines.first);
    if (!left) return false;
    const row = (line: number) => (buffer.type === 'normal' ? this.#lines.indexOf(line) : line);
    const [from, to] = [row(left.from.line), row(left.to.line)];
    const [anchor, head] = [row(left.anchor.line), left.head && row(left.head.line)];
    if (from === null || to === null || anchor === null) return false;
    this.#putting = true;
    const { _model: model } = service;
    terminal.select(left.anchor.x, anchor, 0);
    model.selectionStart = [left.anchor.x, anchor];
    model.selectionEnd = left.head && head !== null ? [left.head.x, head] : undefined;
    model.selectionStartLength = left.atLeast;
    service._activeSelectionMode = left.mode;
    service.refresh();
    this.#putting = false;
    const text = terminal.getSelection();
    const isSame = left === selected ? text === selected.text : selected.text.endsWith(text);
    // While the person selects, it is whatever they see there.
    if (this.#selecting) service._addMouseDownListeners();
    else if (!isSame || text === '') return false;
    this.#take({ ...left, text });
    return true;
  }

  /** Lets go what has left the scrollback. */
  #leave(): void {
    const selected = this.#selected;
    if (!selected || this.#selecting) return;
    const { type } = this.#terminal.buffer.active;
    if (type !== selected.buffer || remaining(selected, this.#lines.first) === selected) return;
    if (!this.#put(selected)) this.#end();
  }

  #lookLater(): void {
    if (!this.#selected) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#look();
    }, REDRAWN_WITHIN_MS);
  }

  #look(): void {
    this.#leave();
    const terminal = this.#terminal;
    const place = terminal.getSelectionPosition();
    const selected = this.#selected;
    if (!place || !selected || this.#selecting) return;
    const isOnScreen = place.end.y >= terminal.buffer.active.baseY;
    // Nothing is written into the scrollback.
    if (!isOnScreen && !this.#wasOnScreen) return;
    if (terminal.getSelection() === selected.text) {
      this.#differed = false;
      this.#wasOnScreen = isOnScreen;
    } else if (this.#differed) this.#end();
    else {
      this.#differed = true;
      this.#lookLater();
    }
  }
}
