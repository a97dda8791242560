/** Which rows of a long list are in the page: those in sight, and some around them. */

/** Rows from `from` up to, not including, `to`. */
export interface Span {
  from: number;
  to: number;
}

/** So many rows beyond what is seen are there before they come into sight. */
const BEYOND = 8;
/** The span moves by this many rows: most steps of a scroll change nothing. */
const STEP = 8;

/** The rows to have for a view of this height, `above` pixels into the list. */
export function near(above: number, height: number, pitch: number, count: number): Span {
  const from = Math.floor((above / pitch - BEYOND) / STEP) * STEP;
  const to = Math.ceil(((above + height) / pitch + BEYOND) / STEP) * STEP;
  const last = Math.max(0, Math.min(count, to));
  return { from: Math.max(0, Math.min(from, last)), to: last };
}

/** The places of a span, in their order, with the one that is kept wherever it is. */
export function places({ from, to }: Span, kept: number, count: number): number[] {
  const last = Math.min(to, count);
  const all = Array.from({ length: Math.max(0, last - from) }, (_, at) => from + at);
  if (kept < 0 || kept >= count || (kept >= from && kept < last)) return all;
  return kept < from ? [kept, ...all] : [...all, kept];
}

/** A row that is scrolled into sight is so far from the edge. */
const MARGIN = 8;

/** How far to scroll, from `above`, so that a row is wholly in sight. */
export function scrolledTo(row: number, above: number, height: number, pitch: number): number {
  const top = row * pitch;
  if (top < above) return top - MARGIN;
  const below = top + pitch - height;
  return below > above ? below + MARGIN : above;
}
