/**
 * A shorter way for what a terminal writes most: ASCII, as it is.
 *
 * For every sign xterm.js asks for its width, whether it joins the one before, for links and screen readers, and
 * writes its cell by a call. None of that is needed for ASCII that fits into its row; it takes several times as long
 * as writing the cells does, and more while the web view has not compiled it yet, which is when a window opens.
 */
import type { Terminal } from '@xterm/xterm';

/** The last one that is printed; xterm.js does not hand over what stands before the first, a space. */
const LAST_ASCII = 0x7e;
/** A cell's content: the code point, and this for one column. */
const ONE_COLUMN = 1 << 22;
/** The numbers of a cell: content, foreground, background. */
const CELL_SIZE = 3;
/** In the background: the cell has an underline of its own or a link beside it. */
const HAS_EXTENDED = 0x1000_0000;
/** What joins a character of one column: nothing, as xterm.js packs it. */
const AFTER_ONE_COLUMN = 1 << 1;

interface Line {
  _data: Uint32Array;
  getWidth(column: number): number;
  hasContent(column: number): number;
  setCellFromCodepoint(column: number, code: number, width: number, pen: Pen): void;
}

interface Pen {
  fg: number;
  bg: number;
  extended: { urlId: number };
}

/** The parts of xterm.js' `InputHandler` that printing needs; none has a public name. */
interface InputHandler {
  print(codes: Uint32Array, start: number, end: number): void;
  _activeBuffer: {
    x: number;
    y: number;
    ybase: number;
    lines: { get(index: number): Line | undefined };
  };
  _bufferService: { cols: number };
  _charsetService: { charset: unknown };
  _coreService: { modes: { insertMode: boolean } };
  _curAttrData: Pen;
  _dirtyRowTracker: { markDirty(row: number): void };
  _optionsService: { rawOptions: { screenReaderMode: boolean } };
  _parser: { precedingJoinState: number };
}

/** The classes that print: every terminal has the same one. */
const prepared = new WeakSet<object>();

/** Once for all terminals, with the first. */
export function printFast(terminal: Pick<Terminal, 'rows'>): void {
  const core = terminal as unknown as { _core: { _inputHandler: InputHandler } };
  const every = Object.getPrototypeOf(core._core._inputHandler) as InputHandler;
  if (prepared.has(every)) return;
  prepared.add(every);
  const print = Reflect.get(every, 'print') as InputHandler['print'];
  every.print = function (codes, start, end) {
    if (!isPlain(this)) {
      print.call(this, codes, start, end);
      return;
    }
    let at = printAscii(this, codes, start, end);
    while (at < end) {
      // What is not ASCII; of ASCII that does not fit only what wraps.
      let other = at;
      do other += 1;
      while (other < end && (codes[other] ?? 0) > LAST_ASCII);
      print.call(this, codes, at, other);
      at = printAscii(this, codes, other, end);
    }
  };
}

/** Whether ASCII is written as it is. */
function isPlain(input: InputHandler): boolean {
  const pen = input._curAttrData;
  return (
    input._charsetService.charset === undefined &&
    !input._coreService.modes.insertMode &&
    !input._optionsService.rawOptions.screenReaderMode &&
    (pen.bg & HAS_EXTENDED) === 0 &&
    pen.extended.urlId === 0
  );
}

/** Writes as much of it as is ASCII and fits into the row; returns where that ends. */
function printAscii(input: InputHandler, codes: Uint32Array, start: number, end: number): number {
  const buffer = input._activeBuffer;
  const { cols } = input._bufferService;
  const pen = input._curAttrData;
  const { fg, bg } = pen;
  const line = buffer.lines.get(buffer.ybase + buffer.y);
  const limit = Math.min(end, start + cols - buffer.x);
  if (!line || limit <= start || (codes[start] ?? 0) > LAST_ASCII) return start;

  // Half of a wide character cannot stay, on either side.
  if (buffer.x > 0 && line.getWidth(buffer.x - 1) === 2) {
    line.setCellFromCodepoint(buffer.x - 1, 0, 1, pen);
  }
  const cells = line._data;
  let cell = buffer.x * CELL_SIZE;
  let at = start;
  for (; at < limit; at += 1) {
    const code = codes[at] ?? 0;
    if (code > LAST_ASCII) break;
    cells[cell] = code | ONE_COLUMN;
    cells[cell + 1] = fg;
    cells[cell + 2] = bg;
    cell += CELL_SIZE;
  }
  buffer.x += at - start;
  if (buffer.x < cols && line.getWidth(buffer.x) === 0 && !line.hasContent(buffer.x)) {
    line.setCellFromCodepoint(buffer.x, 0, 1, pen);
  }
  input._parser.precedingJoinState = AFTER_ONE_COLUMN;
  input._dirtyRowTracker.markDirty(buffer.y);
  return at;
}
