// The judge of snapshots: xterm.js itself. One terminal is fed the stream, another the snapshot;
// then both are fed the same rest and compared.
//
// Reads one request per line from stdin and writes one answer per line:
//   {cols, rows, scrollback, before: [base64], snapshot: [{stream: base64} or {lines: base64}], after: [base64],
//    queries: base64, answers: base64,
//    skip: null or {seen: number, repaints: [{after: number, bytes: base64}]}}
//   {differences: [text], skipped: bool}: none, or what is not equal, after which piece
import { createInterface } from 'node:readline';

import { headless, importUi } from '../support/ui-modules.mjs';

const { Terminal } = headless();
const { gridOptions, prepareViewer, RESET } = await importUi('terminal/xterm-options');
const { putLineCells, readLineCells } = await importUi('terminal/line-cells');
const { WholeCharacters } = await importUi('terminal/whole-characters');

const UNDERLINE = 0x10000000;
const EXTENDED = 0x10000000;
const MODE = 0x3000000;
const RGB = 0xffffff;

class Viewer {
  constructor({ cols, rows, scrollback }) {
    // What the person set; a program that says something of it (mode 12) is heard before that.
    const cursorBlink = rows % 2 === 0;
    const options = { ...gridOptions, cols, rows, scrollback, cursorBlink, logLevel: 'off' };
    this.terminal = new Terminal(options);
    prepareViewer(this.terminal);
    this.core = this.terminal._core;
    this.pieces = new WholeCharacters();
    this.colors = new Map();
    this.core._inputHandler.onColor((event) => {
      for (const { type, index, color } of event) {
        if (type === 1) this.colors.set(index, String(color));
        else if (type === 2 && index === undefined) {
          for (const key of this.colors.keys()) if (key < 256) this.colors.delete(key);
        } else if (type === 2) this.colors.delete(index);
      }
    });
  }

  write(bytes) {
    this.core.writeSync(this.pieces.next(bytes));
  }

  /** A frame that follows no bytes before it: what was left of a character is void. */
  restart(bytes) {
    this.pieces.reset();
    this.write(bytes);
  }

  /** A part of a snapshot. */
  take({ stream, lines }) {
    if (stream !== undefined) this.write(Buffer.from(stream, 'base64'));
    if (lines === undefined) return;
    // A copy of a Buffer is none.
    const cells = readLineCells(new Uint8Array(Buffer.from(lines, 'base64')));
    if (!cells) throw new Error('lines whose parts do not fit together');
    putLineCells(this.terminal, cells);
  }

  dispose() {
    this.terminal.dispose();
  }
}

/** A colour without the bits of an earlier one that xterm.js leaves behind. */
function color(word) {
  const mode = word & MODE;
  if (mode === 0) return 0;
  return mode | (word & (mode === MODE ? RGB : 0xff));
}

function underline(fg, bg, extended) {
  if (!(fg & UNDERLINE)) return 0;
  return bg & EXTENDED ? extended.underlineStyle : 1;
}

function link(viewer, id) {
  if (!id) return '';
  const data = viewer.core._oscLinkService.getLinkData(id);
  // xterm.js forgets a link's address when the line it began in is gone (DIFFERENCES.md).
  return data ? `${data.id ?? ''} ${data.uri}` : null;
}

/** The cell as one text; `seen` leaves out what cannot be seen nor come back. */
function cell(viewer, line, x) {
  const content = line._data[x * 3];
  const fg = line._data[x * 3 + 1];
  const bg = line._data[x * 3 + 2];
  const extended = bg & EXTENDED ? line._extendedAttrs[x] : undefined;
  const width = content >> 22;
  const has = content & 0x3fffff;
  if (width === 0 && !has && (x === 0 || line._data[(x - 1) * 3] >> 22 !== 2)) return 'half';
  const text = has ? JSON.stringify(line.getString(x)) : '-';
  const flags = `${(fg & ~UNDERLINE & ~(MODE | RGB)) >>> 0}/${(bg & ~EXTENDED & ~(MODE | RGB)) >>> 0}`;
  const style = extended ? underline(fg, bg, extended) : fg & UNDERLINE ? 1 : 0;
  const lineColor = extended && style ? color(extended.underlineColor) : 0;
  return `${text} w${width} fg${color(fg)} bg${color(bg)} ${flags} u${style},${lineColor}`;
}

function sameCell(a, lineA, b, lineB, x) {
  const i = x * 3;
  const dataA = lineA._data;
  const dataB = lineB._data;
  if (
    dataA[i] === dataB[i] &&
    dataA[i + 1] === dataB[i + 1] &&
    dataA[i + 2] === dataB[i + 2] &&
    !(dataA[i] & 0x200000) &&
    !(dataA[i + 2] & EXTENDED)
  ) {
    return true;
  }
  const textA = cell(a, lineA, x);
  const textB = cell(b, lineB, x);
  if (textA === 'half' || textB === 'half') {
    return !lineA.hasContent(x) && !lineB.hasContent(x);
  }
  if (textA !== textB) return false;
  const linkA = dataA[i + 2] & EXTENDED ? link(a, lineA._extendedAttrs[x]?.urlId) : '';
  const linkB = dataB[i + 2] & EXTENDED ? link(b, lineB._extendedAttrs[x]?.urlId) : '';
  return linkA === null || linkB === null || linkA === linkB;
}

function compareLines(a, b, name, differences) {
  const linesA = a.core.buffers[name].lines;
  const linesB = b.core.buffers[name].lines;
  if (linesA.length !== linesB.length) {
    differences.push(`${name}: ${linesA.length} lines, ${linesB.length} in the snapshot`);
    return;
  }
  for (let y = 0; y < linesA.length; y += 1) {
    const lineA = linesA.get(y);
    const lineB = linesB.get(y);
    if (lineA.isWrapped !== lineB.isWrapped) {
      differences.push(`${name} line ${y}: wrapped ${lineA.isWrapped} / ${lineB.isWrapped}`);
    }
    for (let x = 0; x < lineA.length; x += 1) {
      if (!sameCell(a, lineA, b, lineB, x)) {
        differences.push(
          `${name} line ${y} (screen ${y - a.core.buffers[name].ybase}) cell ${x}: ` +
            `${cell(a, lineA, x)} / ${cell(b, lineB, x)}`,
        );
        if (differences.length > 8) return;
      }
    }
  }
}

function bufferState(buffer, active, cols) {
  const tabs = Object.keys(buffer.tabs).filter((x) => buffer.tabs[x] && Number(x) < cols);
  return {
    ybase: buffer.ybase,
    region: active || buffer.lines.length ? [buffer.scrollTop, buffer.scrollBottom] : null,
    tabs: tabs.map(Number).sort((x, y) => x - y).join(),
    saved: [Math.min(buffer.savedX, cols - 1), buffer.savedY],
    savedPen: [
      (buffer.savedCurAttrData.fg & ~(MODE | RGB)) >>> 0,
      (buffer.savedCurAttrData.bg & ~(MODE | RGB)) >>> 0,
      color(buffer.savedCurAttrData.fg),
      color(buffer.savedCurAttrData.bg),
    ],
  };
}

function state(viewer) {
  const { core } = viewer;
  const { normal, alt, active } = core.buffers;
  const pen = core._inputHandler._curAttrData;
  const { decPrivateModes } = core.coreService;
  const charset = core._charsetService;
  const parser = core._inputHandler._parser;
  return {
    active: active === alt ? 'alternate' : 'normal',
    cursor: [active.x, active.y],
    normal: bufferState(normal, active === normal, core.cols),
    alternate: bufferState(alt, active === alt, core.cols),
    pen: [
      (pen.fg & ~(MODE | RGB)) >>> 0,
      (pen.bg & ~(MODE | RGB)) >>> 0,
      color(pen.fg),
      color(pen.bg),
      (pen.extended._ext >> 26) & 7,
      color(pen.extended.underlineColor),
    ],
    gLevel: charset.glevel,
    modes: {
      ...decPrivateModes,
      cursorBlink: decPrivateModes.cursorBlink ?? null,
      cursorStyle: decPrivateModes.cursorStyle ?? null,
      insert: core.coreService.modes.insertMode,
      hidden: core.coreService.isCursorHidden,
      newLine: core.optionsService.rawOptions.convertEol,
      blink: core.optionsService.rawOptions.cursorBlink,
      mouse: core.coreMouseService.activeProtocol,
      encoding: core.coreMouseService.activeEncoding,
    },
    colors: [...viewer.colors].sort().join(' '),
    parser: [parser.currentState, (parser.precedingJoinState >> 1) & 3],
  };
}

/** The sets are compared by identity: both terminals have them from the same module. */
function sameCharsets(a, b) {
  const sets = ({ core }) => [
    core._charsetService.charset,
    ...[0, 1, 2, 3].map((level) => core._charsetService._charsets[level]),
    core.buffers.normal.savedCharset,
    core.buffers.alt.savedCharset,
  ];
  const setsB = sets(b);
  return sets(a).every((set, i) => set === setsB[i]);
}

function compareState(a, b, differences) {
  const walk = (path, left, right) => {
    if (left && right && typeof left === 'object' && !Array.isArray(left)) {
      for (const key of Object.keys(left)) walk(`${path}${key} `, left[key], right[key]);
    } else if (JSON.stringify(left) !== JSON.stringify(right)) {
      differences.push(`${path}${JSON.stringify(left)} / ${JSON.stringify(right)}`);
    }
  };
  walk('', state(a), state(b));
  if (!sameCharsets(a, b)) differences.push('character sets');
  const penLink = (viewer) =>
    link(viewer, viewer.core._inputHandler._curAttrData.extended.urlId);
  const [linkA, linkB] = [penLink(a), penLink(b)];
  if (linkA !== null && linkB !== null && linkA !== linkB) {
    differences.push(`open link ${linkA} / ${linkB}`);
  }
}

/**
 * A wrap that waits over an erased last cell: the snapshot has a space there (DIFFERENCES.md).
 * Only scrolling sideways while the wrap waits makes it.
 */
function waitsOverErasedCell({ core }) {
  const { active } = core.buffers;
  const line = active.lines.get(active.ybase + active.y);
  const last = core.cols - 1;
  return active.x > last && line.getWidth(last) > 0 && !line.hasContent(last);
}

/** The host's answers at the end of the stream are those of a viewer. */
function compareAnswers({ core }, { queries, answers }) {
  let own = '';
  core.coreService.onData((data) => {
    own += data;
  });
  core.writeSync(Buffer.from(queries, 'base64'));
  // xterm.js counts a wrap that waits as one more column (DIFFERENCES.md).
  own = own.replaceAll(
    /(\x1b\[\??\d+;)(\d+)R/g,
    (_, start, column) => `${start}${Math.min(Number(column), core.cols)}R`,
  );
  const hosts = Buffer.from(answers, 'base64').toString();
  if (own === hosts) return { differences: [] };
  return { differences: [`answers ${JSON.stringify(own)} / ${JSON.stringify(hosts)}`] };
}

/** The modes that decide what keys, mouse, paste and focus send, and what the cursor looks like. */
function inputState({ core }) {
  const { decPrivateModes: modes, isCursorHidden } = core.coreService;
  const { x, y } = core.buffers.active;
  return JSON.stringify({
    application: [modes.applicationCursorKeys, modes.applicationKeypad],
    paste: modes.bracketedPasteMode,
    focus: modes.sendFocus,
    mouse: [core.coreMouseService.activeProtocol, core.coreMouseService.activeEncoding],
    cursor: [Math.min(x, core.cols - 1), y, isCursorHidden],
    updates: modes.synchronizedOutput,
  });
}

/** A repaint shows the present, and leaves what a person reads in the scrollback where it is. */
function compareRepaint(stream, viewer, repaint, differences) {
  const { terminal, core } = viewer;
  const { normal } = core.buffers;
  // Somebody reads the line at the top, or the last that scrolled away.
  const row = Math.min(terminal.buffer.active.viewportY, normal.ybase - 1);
  const read = row >= 0 ? normal.lines.get(row).clone() : null;
  const text = read?.translateToString();
  let trimmed = 0;
  const listener = normal.lines.onTrim((count) => (trimmed += count));
  if (core.buffers.active === normal && row >= 0) terminal.scrollToLine(row);
  const wasRead = core.buffers.active === normal && row >= 0;
  viewer.restart(repaint);
  listener.dispose();
  if (read && row - trimmed >= 0 && normal.lines.get(row - trimmed).translateToString() !== text) {
    differences.push(`repaint: line ${row} of the scrollback changed`);
  }
  if (wasRead && core.buffers.active === normal && normal.ydisp !== Math.max(0, row - trimmed)) {
    differences.push(`repaint: scrolled from ${row} to ${normal.ydisp}, ${trimmed} lines left`);
  }
  const [a, b] = [stream.core.buffers.active, core.buffers.active];
  for (let y = 0; y < core.rows; y += 1) {
    const [lineA, lineB] = [a.lines.get(a.ybase + y), b.lines.get(b.ybase + y)];
    for (let x = 0; x < core.cols; x += 1) {
      if (sameCell(stream, lineA, viewer, lineB, x)) continue;
      const cells = `${cell(stream, lineA, x)} / ${cell(viewer, lineB, x)}`;
      differences.push(`repaint: row ${y} cell ${x}: ${cells}`);
    }
  }
  const [inputA, inputB] = [inputState(stream), inputState(viewer)];
  const closed = inputA.replace('"updates":true', '"updates":false');
  if (closed !== inputB) differences.push(`repaint: ${inputA} / ${inputB}`);
  terminal.scrollToBottom();
}

/** Feeds both viewers what they saw before the snapshot. */
function before(stream, rebuilt, { before: pieces, skip }, bytes, differences) {
  pieces.forEach((piece, i) => {
    stream.write(bytes(piece));
    if (!skip) return;
    if (i < skip.seen) rebuilt.write(bytes(piece));
    for (const repaint of skip.repaints.filter(({ after }) => after === i + 1)) {
      compareRepaint(stream, rebuilt, bytes(repaint.bytes), differences);
    }
  });
}

function judge(request) {
  const bytes = (text) => Buffer.from(text, 'base64');
  const stream = new Viewer(request);
  const rebuilt = new Viewer(request);
  try {
    const repaints = [];
    before(stream, rebuilt, request, bytes, repaints);
    if (repaints.length > 0) return { differences: repaints.slice(0, 8) };
    if (waitsOverErasedCell(stream)) return { differences: [], skipped: true };
    if (request.skip) rebuilt.restart(Buffer.from(RESET));
    for (const part of request.snapshot) rebuilt.take(part);
    for (let step = 0; ; step += 1) {
      const differences = [];
      compareState(stream, rebuilt, differences);
      compareLines(stream, rebuilt, 'normal', differences);
      if (stream.core.buffers.active === stream.core.buffers.alt) {
        compareLines(stream, rebuilt, 'alt', differences);
      }
      if (differences.length > 0) {
        return { differences: differences.map((text) => `after piece ${step}: ${text}`) };
      }
      if (step === request.after.length) return compareAnswers(stream, request);
      stream.write(bytes(request.after[step]));
      rebuilt.write(bytes(request.after[step]));
    }
  } catch (error) {
    return { differences: [`xterm.js failed: ${error?.stack ?? error}`] };
  } finally {
    stream.dispose();
    rebuilt.dispose();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ skipped: false, ...judge(JSON.parse(line)) })}\n`);
}
