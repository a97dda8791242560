/**
 * Where a person reads: the scroll position and the selection, by the absolute numbers that the
 * host gives lines. A snapshot replaces the whole buffer; what was read or selected is then put
 * back where it still exists.
 */
import type { Terminal } from '@xterm/xterm';

import type { LineNumbers } from './line-numbers';
import type { SameSelection } from './same-selection';
import type { Selected } from './selected';

/** What is kept while the buffer is replaced. */
export interface Reading {
  buffer: 'normal' | 'alternate';
  /** The first line that is seen, or null at the bottom. */
  top: number | null;
  /** How far from the bottom that was, in lines. */
  fromBottom: number;
  selected: Selected | null;
  /** How wide the lines were: in another width their numbers are others. */
  cols: number;
}

export class ReadingPlace {
  readonly #terminal: Terminal;
  readonly #lines: LineNumbers;
  readonly #selection: SameSelection;

  constructor(terminal: Terminal, lines: LineNumbers, selection: SameSelection) {
    this.#terminal = terminal;
    this.#lines = lines;
    this.#selection = selection;
  }

  /** Where the person reads now. */
  now(): Reading {
    const terminal = this.#terminal;
    const buffer = terminal.buffer.active;
    return {
      buffer: buffer.type,
      top: buffer.viewportY < buffer.baseY ? this.#lines.numberOf(buffer.viewportY) : null,
      fromBottom: buffer.baseY - buffer.viewportY,
      selected: this.#selection.now,
      cols: terminal.cols,
    };
  }

  /** Puts back what was read before the buffer was filled anew. */
  putBack(reading: Reading): void {
    const terminal = this.#terminal;
    const buffer = terminal.buffer.active;
    if (reading.selected) this.#selection.putBack(reading.selected);
    if (buffer.type !== reading.buffer || reading.top === null) return;
    const sameWidth = terminal.cols === reading.cols;
    const top = sameWidth ? this.#lines.placeOf(reading.top) : buffer.baseY - reading.fromBottom;
    terminal.scrollToLine(Math.max(0, Math.min(top, buffer.baseY)));
  }
}
