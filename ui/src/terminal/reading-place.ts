/**
 * Where a person reads: the scroll position and the selection, by the absolute numbers that the
 * host gives lines. A snapshot replaces the whole buffer; what was read or selected is then put
 * back where it still exists.
 */
import type { Terminal } from '@xterm/xterm';

import type { LineNumbers } from './line-numbers';

interface Position {
  x: number;
  /** The absolute number of the line; in the alternate screen the row. */
  line: number;
}

/** What is kept while the buffer is replaced. */
export interface Reading {
  buffer: 'normal' | 'alternate';
  /** The first line that is seen, or null at the bottom. */
  top: number | null;
  /** How far from the bottom that was, in lines. */
  fromBottom: number;
  selection: { start: Position; end: Position; text: string } | null;
  /** How wide the lines were: in another width their numbers are others. */
  cols: number;
}

export class ReadingPlace {
  readonly #terminal: Terminal;
  readonly #lines: LineNumbers;

  constructor(terminal: Terminal, lines: LineNumbers) {
    this.#terminal = terminal;
    this.#lines = lines;
  }

  /** Where the person reads now. */
  now(): Reading {
    const terminal = this.#terminal;
    const buffer = terminal.buffer.active;
    const selected = terminal.getSelectionPosition();
    const at = (position: { x: number; y: number }) => ({
      x: position.x,
      line: buffer.type === 'normal' ? this.#lines.numberOf(position.y) : position.y,
    });
    return {
      buffer: buffer.type,
      top: buffer.viewportY < buffer.baseY ? this.#lines.numberOf(buffer.viewportY) : null,
      fromBottom: buffer.baseY - buffer.viewportY,
      selection: selected
        ? { start: at(selected.start), end: at(selected.end), text: terminal.getSelection() }
        : null,
      cols: terminal.cols,
    };
  }

  /** Puts back what was read before the buffer was filled anew. */
  putBack(reading: Reading): void {
    const terminal = this.#terminal;
    const buffer = terminal.buffer.active;
    if (buffer.type !== reading.buffer) return;
    const sameWidth = terminal.cols === reading.cols;
    if (reading.selection && sameWidth) this.#select(reading.selection);
    if (reading.top === null) return;
    const top = sameWidth ? this.#lines.placeOf(reading.top) : buffer.baseY - reading.fromBottom;
    terminal.scrollToLine(Math.max(0, Math.min(top, buffer.baseY)));
  }

  /** Selects again what a change of modes or size deselected, where it is still the same. */
  selectAgain(reading: Reading): void {
    const terminal = this.#terminal;
    if (!reading.selection || terminal.hasSelection()) return;
    if (terminal.buffer.active.type !== reading.buffer || terminal.cols !== reading.cols) return;
    this.#select(reading.selection);
  }

  #select(selection: NonNullable<Reading['selection']>): void {
    const terminal = this.#terminal;
    const buffer = terminal.buffer.active;
    const row = (line: number) => (buffer.type === 'normal' ? this.#lines.placeOf(line) : line);
    const { cols } = terminal;
    const from = row(selection.start.line) * cols + selection.start.x;
    const to = Math.min(row(selection.end.line) * cols + selection.end.x, buffer.length * cols);
    const start = Math.max(0, from);
    if (to <= start) return;
    terminal.select(start % cols, Math.floor(start / cols), to - start);
    // What stands there now may be something else, which nobody selected.
    if (from >= 0 && terminal.getSelection() !== selection.text) terminal.clearSelection();
  }
}
