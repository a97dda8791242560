/**
 * What makes a viewer agree with the host, cell by cell. The window and the test that compares
 * the two (tests/snapshot) both set up xterm.js with this, and nothing else decides how bytes
 * become cells.
 */
import type { ITerminalOptions, Terminal } from '@xterm/xterm';

import { printFast } from './fast-print';
import { reuseLines } from './line-pool';
import { widths } from './widths';

/** How many lines of scrollback a host keeps that says nothing of it, and so the viewer. */
export const SCROLLBACK_LINES = 10_000;

/** The options that change what a sequence does. */
export const gridOptions = {
  allowProposedApi: true,
  scrollback: SCROLLBACK_LINES,
  // Erasing the screen erases it. Set, xterm.js scrolls the screen away instead, and inside a
  // scroll region leaves the rows around it on the screen.
  scrollOnEraseInDisplay: false,
  convertEol: false,
  tabStopWidth: 8,
  windowOptions: {},
} satisfies ITerminalOptions;

/**
 * What makes a viewer as good as new before a snapshot, in the stream's own order: out of any
 * unfinished sequence, everything reset, and the colours that a reset leaves as a program set them.
 */
export const RESET = '\x18\x1bc\x1b]104\x1b\\\x1b]110\x1b\\\x1b]111\x1b\\\x1b]112\x1b\\';

/** The most repetitions of one REP; the host's number. */
const MOST_REPEATS = 65_536;

/** The parts of a buffer of xterm.js, and what is remembered beside its saved cursor. */
interface CoreBuffer {
  y: number;
  savedBeside?: { extended: Extended; charsets: unknown[]; level: number };
}

/** Underline style and colour, and the link. */
interface Extended {
  clone(): Extended;
}

/** The parts of xterm.js that `prepareViewer` needs and that have no public name. */
interface Core {
  registerCsiHandler(
    id: { prefix?: string; intermediates?: string; final: string },
    handler: (params: { params: Int32Array; length: number }) => boolean,
  ): unknown;
  registerEscHandler(id: { final: string }, handler: () => boolean): unknown;
  _charsetService: { _charsets: unknown[]; glevel: number };
  buffers: { normal: CoreBuffer; alt: CoreBuffer; active: CoreBuffer };
  _inputHandler: {
    _activeBuffer: CoreBuffer;
    _curAttrData: { extended: Extended };
    eraseInDisplay(params: unknown, respectProtect: boolean): boolean;
    _resetBufferLine(y: number, respectProtect: boolean): void;
  };
}

/**
 * Gives a fresh terminal the host's character widths and protects it from sequences that stop
 * xterm.js 6.0. Call it once, before anything is written.
 */
export function prepareViewer(terminal: Pick<Terminal, 'unicode' | 'cols' | 'rows'>): void {
  terminal.unicode.register(widths);
  terminal.unicode.activeVersion = widths.version;

  const core = (terminal as unknown as { _core: Core })._core;
  const atMost = (finals: string, most: () => number) => {
    for (const final of finals) {
      core.registerCsiHandler({ final }, ({ params }) => {
        params[0] = Math.min(params[0] ?? 0, most());
        return false;
      });
    }
  };
  // Each repetition costs time, and a program can ask for two thousand million.
  atMost('LMST', () => terminal.rows);
  atMost('IZ', () => terminal.cols);
  atMost('b', () => MOST_REPEATS);

  // Erasing up to the last cell of the screen looks at the row below it, which may not exist;
  // the exception would stop the viewer for good. What it would have done is done here.
  for (const prefix of ['', '?']) {
    const id = prefix ? { prefix, final: 'J' } : { final: 'J' };
    core.registerCsiHandler(id, (params) => {
      if (params.params[0] !== 1) return false;
      const input = core._inputHandler;
      const keepProtected = prefix === '?';
      try {
        return input.eraseInDisplay(params, keepProtected);
      } catch {
        for (let y = input._activeBuffer.y - 1; y >= 0; y -= 1) {
          input._resetBufferLine(y, keepProtected);
        }
        return true;
      }
    });
  }
  saveWholeCursor(core);
  repairUnderlineColor(core);
  reuseLines(terminal);
  printFast(terminal);
}

/** The classes whose underline colour was repaired: every terminal has the same one. */
const repaired = new WeakSet<object>();

/**
 * SGR 59 gives the underline the text's own colour. xterm.js stores -1 for it and reads it back as
 * white; 0 is what it reads as no colour.
 */
function repairUnderlineColor(core: Core): void {
  const kind = Object.getPrototypeOf(core._inputHandler._curAttrData.extended) as object;
  const own = Object.getOwnPropertyDescriptor(kind, 'underlineColor');
  const set = own?.set;
  if (!own || !set || repaired.has(kind)) return;
  repaired.add(kind);
  Object.defineProperty(kind, 'underlineColor', {
    ...own,
    set(this: object, value: number) {
      set.call(this, value === -1 ? 0 : value);
    },
  });
}

/**
 * xterm.js saves the cursor without the underline's style and colour, the link and the character
 * sets, but with the flags that say there are some: text underlined after a restore is not. They
 * are saved beside the cursor here.
 */
function saveWholeCursor(core: Core): void {
  const pen = () => core._inputHandler._curAttrData;
  const none = pen().extended.clone();
  const sets = core._charsetService;
  const save = (buffer: CoreBuffer) => {
    buffer.savedBeside = {
      extended: pen().extended.clone(),
      charsets: [...sets._charsets],
      level: sets.glevel,
    };
    return false;
  };
  const restore = (buffer: CoreBuffer) => {
    const saved = buffer.savedBeside ?? { extended: none, charsets: [], level: 0 };
    pen().extended = saved.extended.clone();
    sets._charsets = [...saved.charsets];
    sets.glevel = saved.level;
    return false;
  };
  core.registerEscHandler({ final: '7' }, () => save(core.buffers.active));
  core.registerEscHandler({ final: '8' }, () => restore(core.buffers.active));
  core.registerCsiHandler({ final: 's' }, () => save(core.buffers.active));
  core.registerCsiHandler({ final: 'u' }, () => restore(core.buffers.active));
  core.registerCsiHandler({ intermediates: '!', final: 'p' }, () => {
    delete core.buffers.active.savedBeside;
    return false;
  });
  const screens = [47, 1047, 1049];
  core.registerCsiHandler({ prefix: '?', final: 'h' }, ({ params, length }) => {
    let buffer = core.buffers.active;
    for (const mode of params.subarray(0, length)) {
      if (mode === 1048 || mode === 1049) save(buffer);
      if (screens.includes(mode)) buffer = core.buffers.alt;
    }
    return false;
  });
  core.registerCsiHandler({ prefix: '?', final: 'l' }, ({ params, length }) => {
    let buffer = core.buffers.active;
    for (const mode of params.subarray(0, length)) {
      if (screens.includes(mode)) buffer = core.buffers.normal;
      if (mode === 1048 || mode === 1049) restore(buffer);
    }
    return false;
  });
}
