/**
 * The terminals that hold an xterm.js. With full scrollback one takes some 15 MB, so only those
 * that were shown last keep theirs; the host has everything, and gives it back in a moment.
 */

/** The most terminals that hold an xterm.js. */
export const MOST_HELD = 4;

export interface Holder {
  /** Lets its xterm.js go; false when it must keep it. */
  letGo(): boolean;
}

/** Who holds one, the one that was shown last at the end. */
const holders: Holder[] = [];

/** This one is shown: of the others, the one that was not shown for longest lets go. */
export function isShown(holder: Holder): void {
  isGone(holder);
  holders.push(holder);
  for (const other of holders.slice(0, -1)) {
    if (holders.length <= MOST_HELD) return;
    if (other.letGo()) isGone(other);
  }
}

/** This one holds none any more. */
export function isGone(holder: Holder): void {
  const at = holders.indexOf(holder);
  if (at >= 0) holders.splice(at, 1);
}
