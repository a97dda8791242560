/** What a person selected in a terminal: a text, and the lines that it stands in. */

export interface Place {
  x: number;
  /** The absolute number of the line; in the alternate screen the row. */
  line: number;
}

/** What is selected. Plain data: it outlives the buffer, and the xterm.js, that it was selected in. */
export interface Selected {
  buffer: 'normal' | 'alternate';
  /** How wide the lines were: in another width their numbers are others. */
  cols: number;
  text: string;
  /** Its first cell, and the place behind its last. */
  from: Place;
  to: Place;
  /** Where the person began, and where they went if they did; that may be above. */
  anchor: Place;
  head: Place | null;
  /** How many cells from the anchor belong to it in any case: a word, a line. */
  atLeast: number;
  /** How xterm.js extends it: by cells, words, lines or as a rectangle. */
  mode: number;
}

/** The mode of a rectangle. */
export const COLUMNS = 3;

/**
 * What remains of it when the lines before `first` are gone, without its text; null when nothing
 * does.
 */
export function remaining(selected: Selected, first: number): Selected | null {
  const { buffer, from, to, mode } = selected;
  if (buffer === 'alternate' || from.line >= first) return selected;
  const x = mode === COLUMNS ? from.x : 0;
  if (to.line < first || (to.line === first && to.x <= x)) return null;
  const start = { x, line: first };
  return { ...selected, from: start, anchor: start, head: to, atLeast: 0 };
}
