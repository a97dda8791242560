import type { IBufferCell, IModes, Terminal } from '@xterm/xterm';

/**
 * What a viewer shows, cell by cell, for the tests in the real window: the screen is drawn into a thousand
 * elements, and no role or name could tell two colours apart. Read-only, and nothing that is not on the screen
 * or in its scrollback.
 */
export interface ViewerDescription {
  cols: number;
  rows: number;
  alternate: boolean;
  cursor: { x: number; y: number };
  /** How many lines the buffer holds, scrollback and screen. */
  length: number;
  /** The first of them that is seen. */
  top: number;
  modes: IModes;
  /** The flags of the kitty keyboard protocol, and the level of modifyOtherKeys. */
  keyboard: { flags: number; otherKeys: number };
  /** The lines asked for, the screen's when nothing else was. */
  lines: LineDescription[];
}

/** One line: its text, whether it continues the line above, and its cells as `[chars, width, look]`. */
export interface LineDescription {
  text: string;
  wrapped: boolean;
  cells: [string, number, string][];
}

/** Describes `count` lines of what `terminal` shows, from line `first` of its buffer. */
export function describeViewer(
  terminal: Terminal,
  { flags, otherKeys }: ViewerDescription['keyboard'],
  first?: number,
  count?: number,
): ViewerDescription {
  const buffer = terminal.buffer.active;
  const from = first ?? buffer.baseY;
  const to = Math.min(from + (count ?? terminal.rows), buffer.length);
  const lines: LineDescription[] = [];
  for (let y = from; y < to; y += 1) {
    const line = buffer.getLine(y);
    if (!line) break;
    const cells: LineDescription['cells'] = [];
    for (let x = 0; x < line.length; x += 1) {
      const cell = line.getCell(x);
      if (cell) cells.push([cell.getChars(), cell.getWidth(), look(cell)]);
    }
    lines.push({ text: line.translateToString(true), wrapped: line.isWrapped, cells });
  }
  return {
    cols: terminal.cols,
    rows: terminal.rows,
    alternate: buffer.type === 'alternate',
    cursor: { x: buffer.cursorX, y: buffer.cursorY },
    length: buffer.length,
    top: buffer.viewportY,
    modes: terminal.modes,
    keyboard: { flags, otherKeys },
    lines,
  };
}

/** Colours and attributes in one short text, empty for a plain cell. */
function look(cell: IBufferCell): string {
  if (cell.isAttributeDefault()) return '';
  const attributes = [
    cell.isBold() && 'bold',
    cell.isDim() && 'dim',
    cell.isItalic() && 'italic',
    cell.isUnderline() && 'underline',
    cell.isBlink() && 'blink',
    cell.isInverse() && 'inverse',
    cell.isInvisible() && 'invisible',
    cell.isStrikethrough() && 'strikethrough',
    cell.isOverline() && 'overline',
  ];
  const foreground = `fg=${String(cell.getFgColorMode())}:${String(cell.getFgColor())}`;
  const background = `bg=${String(cell.getBgColorMode())}:${String(cell.getBgColor())}`;
  return [foreground, background, ...attributes.filter(Boolean)].join(' ');
}

declare global {
  interface Window {
    /** The terminal in front as the tests see it; null while none is shown. */
    __reprise_viewer?: (first?: number, count?: number) => ViewerDescription | null;
  }
}
