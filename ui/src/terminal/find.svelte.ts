/**
 * A search of a terminal's lines. The host has all of them and does the searching; here what was
 * found is shown: what is in sight is coloured, the match in front is selected.
 */
import type { IDecoration, IDisposable, IMarker } from '@xterm/xterm';

import type { CommandError, FindText } from '../bindings';
import * as ipc from '../ipc';
import { reasonOf } from '../state/errors';
import type { LiveTerminal } from './live.svelte';
import { beginWith, cellsOf, firstFrom, type Match, partsIn, step } from './matches';
import { findColour } from './theme';

/** What is typed is searched for after this pause, what a program writes after this one. */
const TYPED_MS = 120;
const WRITTEN_MS = 400;

/** What was looked for last, in any terminal. */
const remembered: FindText = {
  pattern: '',
  regex: false,
  caseSensitive: false,
  wholeWord: false,
  prompts: false,
};

/** How the search goes. */
export type FindState =
  | { state: 'nothing' }
  | { state: 'found'; total: number; alternate: boolean; complete: boolean }
  | { state: 'badPattern'; why: string }
  | { state: 'tooLarge' }
  | { state: 'failed'; why: CommandError };

export class Finding {
  text = $state<FindText>({ ...remembered });
  result = $state.raw<FindState>({ state: 'nothing' });
  /** Which of all matches is in front, counted from 1; null while none is. */
  place = $state<number | null>(null);

  readonly #terminal: LiveTerminal;
  readonly #listening: IDisposable[];
  #matches: readonly Match[] = [];
  #current: number | null = null;
  #alternate = false;
  #decorations: { marker: IMarker; decoration: IDecoration | undefined }[] = [];
  #painted = '';
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts searches: the answer to one that was given up is ignored. */
  #asked = 0;
  #asking = false;
  #again = false;
  #disposed = false;

  constructor(terminal: LiveTerminal) {
    this.#terminal = terminal;
    const selected = terminal.selection();
    // A selection over several lines is not what a person looks for.
    if (selected !== '' && selected.length <= 200 && !selected.includes('\n')) {
      this.text.pattern = selected;
      this.text.regex = false;
    }
    const xterm = terminal.screen.terminal;
    this.#listening = [
      xterm.onWriteParsed(() => this.#later(WRITTEN_MS)),
      xterm.onResize(() => this.#later(WRITTEN_MS)),
      xterm.buffer.onBufferChange(() => this.#later(0)),
      xterm.onRender(() => this.#paint()),
    ];
    if (this.text.pattern !== '') this.changed(0);
  }

  /** The text or one of the switches is another one. */
  changed(afterMs = TYPED_MS): void {
    Object.assign(remembered, this.text);
    this.#asked += 1;
    this.#asking = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.text.pattern === '') {
      this.#take([], { state: 'nothing' });
      this.#choose(null, false);
    } else this.#later(afterMs);
  }

  /** Goes to the next match, or the one before. */
  go(forward: boolean): void {
    this.#choose(step(this.#current, this.#matches.length, forward), true);
  }

  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const listener of this.#listening) listener.dispose();
    this.#clear();
  }

  #later(ms: number): void {
    if (this.#disposed || this.text.pattern === '') return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#search();
    }, ms);
  }

  async #search(): Promise<void> {
    if (this.#asking) {
      this.#again = true;
      return;
    }
    const asked = this.#asked;
    const { projectId, terminalKey } = this.#terminal;
    this.#asking = true;
    this.#again = false;
    try {
      const outcome = await ipc.findInTerminal(projectId, terminalKey, { ...this.text });
      if (asked !== this.#asked || this.#disposed) return;
      if (outcome.result === 'found') {
        const { matches, total, alternate, complete } = outcome;
        this.#alternate = alternate;
        this.#found(matches, { state: 'found', total, alternate, complete });
      } else if (outcome.result === 'badPattern') {
        this.#found([], { state: 'badPattern', why: outcome.why });
      } else this.#found([], { state: 'tooLarge' });
    } catch (error) {
      if (asked !== this.#asked || this.#disposed) return;
      this.#found([], { state: 'failed', why: reasonOf(error) });
    } finally {
      if (asked === this.#asked) {
        this.#asking = false;
        if (this.#again) this.#later(WRITTEN_MS);
      }
    }
  }

  /** Takes what was found. The match in front stays in front while it is there. */
  #found(matches: readonly Match[], result: FindState): void {
    const before = this.#current === null ? undefined : this.#matches[this.#current];
    this.#take(matches, result);
    if (before) {
      const at = firstFrom(matches, before[0], before[1]);
      const same = matches[at];
      if (same?.[0] === before[0] && same[1] === before[1]) {
        const grown = cellsOf(same, this.#cols) !== cellsOf(before, this.#cols);
        this.#choose(at, false, grown);
        return;
      }
    }
    const next = beginWith(matches, this.#seen());
    this.#choose(next, next !== null);
  }

  #take(matches: readonly Match[], result: FindState): void {
    this.#matches = matches;
    this.result = result;
    this.#painted = '';
  }

  /** Puts a match in front; `show` brings it into sight. */
  #choose(index: number | null, show: boolean, select = show): void {
    const xterm = this.#terminal.screen.terminal;
    const match = index === null ? undefined : this.#matches[index];
    const total = this.result.state === 'found' ? this.result.total : 0;
    this.#current = match ? index : null;
    this.place = match && index !== null ? total - this.#matches.length + index + 1 : null;
    if (!match) xterm.clearSelection();
    const row = match && this.#rowOf(match[0]);
    if (match && row !== undefined && row !== null) {
      if (select) xterm.select(match[1], row, cellsOf(match, this.#cols));
      const top = xterm.buffer.active.viewportY;
      const bottom = top + xterm.rows - 1;
      if (show && (row < top || row > bottom - 1)) {
        xterm.scrollToLine(Math.max(0, row - Math.floor(xterm.rows / 2)));
      }
    }
    this.#paint();
  }

  get #cols(): number {
    return this.#terminal.screen.terminal.cols;
  }

  /** Where the viewer has a row of the host; null where it has none. */
  #rowOf(row: number): number | null {
    const { active } = this.#terminal.screen.terminal.buffer;
    if ((active.type === 'alternate') !== this.#alternate) return null;
    return this.#alternate ? row : this.#terminal.lines.indexOf(row);
  }

  /** The rows in sight, by the host's numbers. */
  #seen(): { first: number; last: number } {
    const { buffer, rows } = this.#terminal.screen.terminal;
    const top = buffer.active.viewportY;
    const first = this.#alternate ? top : this.#terminal.lines.numberOf(top);
    return { first, last: first + rows - 1 };
  }

  /** Colours the matches in sight. */
  #paint(): void {
    const xterm = this.#terminal.screen.terminal;
    const buffer = xterm.buffer.active;
    const { first, last } = this.#seen();
    const colour = findColour();
    const painted = [first, last, xterm.cols, buffer.type, colour, this.#matches.length].join(' ');
    if (painted === this.#painted) return;
    this.#clear();
    this.#painted = painted;
    for (const part of partsIn(this.#matches, first, last, xterm.cols)) {
      const row = this.#rowOf(part.row);
      if (row === null) continue;
      const marker = xterm.registerMarker(row - buffer.baseY - buffer.cursorY);
      const decoration = xterm.registerDecoration({
        marker,
        x: part.column,
        width: part.width,
        backgroundColor: colour,
      });
      this.#decorations.push({ marker, decoration });
    }
  }

  #clear(): void {
    for (const { marker, decoration } of this.#decorations) {
      decoration?.dispose();
      marker.dispose();
    }
    this.#decorations = [];
    this.#painted = '';
  }
}
