/**
 * Lines of a snapshot's scrollback as cells. The host has a cell's colours and flags in the very bits that xterm.js
 * has, so they are put into its buffer as they are: parsing 10,000 lines that change their colour a dozen times
 * takes a third of a second, in which the window stands still.
 *
 * `src-tauri/core/src/session/screen/line_cells.rs` says what is where.
 */
import type { Terminal } from '@xterm/xterm';

/** In a line's first number: it continues the line above, its cells are words, how many they are. */
const WRAPPED = 0x8000_0000;
const WORDS = 0x4000_0000;
const CELLS = 0x3fff_ffff;
/** The numbers before those that they count. */
const COUNTS = 5;
/** The numbers of a look: foreground, background, underline. */
const LOOK_SIZE = 3;
/** The numbers of a cell: content, foreground, background. */
const CELL_SIZE = 3;
/** In the background: the cell has an underline beside it. */
const HAS_EXTENDED = 0x1000_0000;
/** A cell's content: the code point, and this for one column. */
const ONE_COLUMN = 1 << 22;

/** A batch of lines, one below the other. */
export interface LineCells {
  /** Three for each: foreground, background, underline. */
  looks: Uint32Array;
  /** Two for each line: its cells, and the number of its runs. */
  lines: Uint32Array;
  /** How many cells have which look. */
  runs: Uint32Array;
  words: Uint32Array;
  text: Uint8Array;
  /** What the host counts of it. */
  bytes: number;
}

interface Line {
  _data: Uint32Array;
  _extendedAttrs: Record<number, Extended>;
  isWrapped: boolean;
}

/** An underline of its own; `ext` has its style and colour in one number. */
interface Extended {
  ext: number;
  clone(): Extended;
}

/** The parts of xterm.js that have no public name. */
interface Core {
  _inputHandler: {
    _activeBuffer: {
      x: number;
      y: number;
      ybase: number;
      lines: { get(index: number): Line | undefined };
    };
    _curAttrData: { extended: Extended };
    lineFeed(): boolean;
  };
}

/** Reads a batch; null where its parts do not fit together. */
export function readLineCells(payload: Uint8Array): LineCells | null {
  // Numbers must lie at a multiple of their size.
  const { buffer } = payload.slice();
  if (payload.length < 4 * COUNTS) return null;
  const [looks, lines, runs, words, text] = new Uint32Array(buffer, 0, COUNTS);
  if (looks === undefined || lines === undefined || runs === undefined) return null;
  if (words === undefined || text === undefined) return null;
  const length = 4 * (COUNTS + LOOK_SIZE * looks + 2 * lines + runs + words) + text;
  if (length !== payload.length) return null;
  let at = 4 * COUNTS;
  const numbers = (count: number) => {
    const taken = new Uint32Array(buffer, at, count);
    at += 4 * count;
    return taken;
  };
  const cells = {
    looks: numbers(LOOK_SIZE * looks),
    lines: numbers(2 * lines),
    runs: numbers(runs),
    words: numbers(words),
    text: new Uint8Array(buffer, at, text),
    bytes: payload.length,
  };
  return isWhole(cells) ? cells : null;
}

/** Whether the lines have exactly the runs, words and text that there are. */
function isWhole({ lines, runs, words, text }: LineCells): boolean {
  const counted = { runs: 0, words: 0, text: 0 };
  for (let at = 0; at < lines.length; at += 2) {
    const line = lines[at] ?? 0;
    if (line & WORDS) counted.words += line & CELLS;
    else counted.text += line & CELLS;
    counted.runs += lines[at + 1] ?? 0;
  }
  return (
    counted.runs === runs.length && counted.words === words.length && counted.text === text.length
  );
}

/** Puts the lines from the cursor's row on, which must be empty; the cursor is then in the last of them. */
export function putLineCells(terminal: Pick<Terminal, 'rows'>, cells: LineCells): void {
  const input = (terminal as unknown as { _core: Core })._core._inputHandler;
  const buffer = input._activeBuffer;
  const { lines } = cells;
  const place = { word: 0, letter: 0, run: 0 };
  buffer.x = 0;
  for (let at = 0; at < lines.length; at += 2) {
    if (at > 0) input.lineFeed();
    const line = buffer.lines.get(buffer.ybase + buffer.y);
    if (!line) return;
    const head = lines[at] ?? 0;
    line.isWrapped = (head & WRAPPED) !== 0;
    if (head & WORDS) putWords(line._data, head & CELLS, cells, place);
    else putText(line._data, head & CELLS, cells, place);
    putRuns(line, lines[at + 1] ?? 0, cells, place, input._curAttrData.extended);
  }
}

/** Up to where words, text and runs were put. */
interface Place {
  word: number;
  letter: number;
  run: number;
}

function putWords(data: Uint32Array, count: number, { words }: LineCells, place: Place): void {
  let { word } = place;
  for (let cell = 0; cell < count * CELL_SIZE; cell += CELL_SIZE) data[cell] = words[word++] ?? 0;
  place.word = word;
}

function putText(data: Uint32Array, count: number, { text }: LineCells, place: Place): void {
  let { letter } = place;
  for (let cell = 0; cell < count * CELL_SIZE; cell += CELL_SIZE) {
    data[cell] = (text[letter++] ?? 0) | ONE_COLUMN;
  }
  place.letter = letter;
}

function putRuns(line: Line, count: number, cells: LineCells, place: Place, any: Extended): void {
  const { runs, looks } = cells;
  const data = line._data;
  let column = 0;
  for (const end = place.run + count; place.run < end; place.run += 1) {
    const run = runs[place.run] ?? 0;
    const look = (run >>> 16) * LOOK_SIZE;
    const fg = looks[look] ?? 0;
    const bg = looks[look + 1] ?? 0;
    const next = column + (run & 0xffff);
    if (bg & HAS_EXTENDED) {
      const underline = any.clone();
      underline.ext = looks[look + 2] ?? 0;
      for (let x = column; x < next; x += 1) line._extendedAttrs[x] = underline;
    }
    // A row that nothing was written on looks plain already.
    if (fg !== 0 || bg !== 0) {
      for (let cell = column * CELL_SIZE; cell < next * CELL_SIZE; cell += CELL_SIZE) {
        data[cell + 1] = fg;
        data[cell + 2] = bg;
      }
    }
    column = next;
  }
}
