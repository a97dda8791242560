/** Matches of a search, as the host tells them: by rows and columns, the oldest first. */

/** Row and column of the first cell, and of the place behind the last. */
export type Match = readonly [row: number, column: number, endRow: number, endColumn: number];

/** The part of a match that is in one row. */
export interface MatchPart {
  row: number;
  column: number;
  width: number;
}

/** The first match that does not begin before this place; the number of all where none does. */
export function firstFrom(matches: readonly Match[], row: number, column: number): number {
  let low = 0;
  let high = matches.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const [ofRow = 0, ofColumn = 0] = matches[middle] ?? [];
    if (ofRow < row || (ofRow === row && ofColumn < column)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The match to begin with: the first in sight, else the nearest above, since what is looked for
 * in a terminal has mostly been there already, else the first of all.
 */
export function beginWith(
  matches: readonly Match[],
  seen: { first: number; last: number },
): number | null {
  if (matches.length === 0) return null;
  const next = firstFrom(matches, seen.first, 0);
  const row = matches[next]?.[0];
  if (row !== undefined && row <= seen.last) return next;
  return Math.max(0, next - 1);
}

/** The next match, around the end. */
export function step(current: number | null, count: number, forward: boolean): number | null {
  if (count === 0) return null;
  if (current === null) return forward ? 0 : count - 1;
  return (current + (forward ? 1 : count - 1)) % count;
}

/** How many cells a match takes, in rows of `cols`. */
export function cellsOf([row, column, endRow, endColumn]: Match, cols: number): number {
  return (endRow - row) * cols + endColumn - column;
}

/** The parts of the matches in the rows from `first` up to `last`. */
export function partsIn(
  matches: readonly Match[],
  first: number,
  last: number,
  cols: number,
): MatchPart[] {
  const parts: MatchPart[] = [];
  // A match above may reach down into what is seen: a line is not longer than a screen or two.
  const from = firstFrom(matches, first - (last - first + 1), 0);
  for (let i = from; i < matches.length; i += 1) {
    const match = matches[i];
    if (!match || match[0] > last) break;
    let [row, column] = match;
    let left = cellsOf(match, cols);
    while (left > 0 && row <= last) {
      const width = Math.min(left, cols - column);
      if (width <= 0) break;
      if (row >= first) parts.push({ row, column, width });
      left -= width;
      row += 1;
      column = 0;
    }
  }
  return parts;
}
