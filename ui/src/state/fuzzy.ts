/** Finds what was meant by a few letters, and which letters matched. */

export interface Match {
  score: number;
  /** Matched stretches of the text, as [from, to) in UTF-16 units. */
  ranges: [number, number][];
}

const MAX_TEXT = 240;

// eslint-disable-next-line no-control-regex -- these are all that need no table of Unicode
const ASCII = /^[\x00-\x7f]*$/;

/** Letters without case and accents; as long as the text, unit by unit. */
export function folded(text: string): string {
  if (ASCII.test(text)) return text.slice(0, MAX_TEXT).toLowerCase();
  let out = '';
  for (const unit of text.slice(0, MAX_TEXT)) {
    const plain = unit.normalize('NFD').replace(/\p{M}/gu, '').toLocaleLowerCase();
    out += plain.length === unit.length ? plain : unit;
  }
  return out;
}

function startsWord(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  // Of thousands of names nearly every letter is one of these.
  if (before < 128) return !(before >= 97 && before <= 122) && !(before >= 48 && before <= 57);
  return !/[\p{L}\p{N}]/u.test(text[at - 1] ?? '');
}

/**
 * How well `query` matches `text`, or null. A part of the text as it stands beats scattered
 * letters, the start of a word beats its middle. An empty query matches everything alike.
 */
export function fuzzy(query: string, text: string): Match | null {
  return fuzzyFolded(wantedOf(query), folded(text));
}

/** What is looked for, as it is compared. */
export function wantedOf(query: string): string {
  return folded(query.trim().replace(/\s+/g, ' '));
}

/** The same for letters that were made ready before, by `wantedOf` and `folded`. */
export function fuzzyFolded(wanted: string, within: string): Match | null {
  if (wanted === '') return { score: 0, ranges: [] };
  const whole = wholeMatch(wanted, within);
  if (whole) return whole;
  return scattered(wanted.replaceAll(' ', ''), within) ?? inWords(wanted, within);
}

/** Every word somewhere, in their order. */
function inWords(wanted: string, within: string): Match | null {
  const words = wanted.split(' ');
  if (words.length < 2) return null;
  const ranges: [number, number][] = [];
  let from = 0;
  for (const word of words) {
    const at = within.indexOf(word, from);
    if (at < 0) return null;
    from = at + word.length;
    ranges.push([at, from]);
  }
  return { score: -(ranges[0]?.[0] ?? 0), ranges };
}

function wholeMatch(wanted: string, within: string): Match | null {
  let best: Match | null = null;
  for (let at = within.indexOf(wanted); at >= 0; at = within.indexOf(wanted, at + 1)) {
    const score = 1000 - at + (startsWord(within, at) ? 500 : 0);
    if (!best || score > best.score) best = { score, ranges: [[at, at + wanted.length]] };
  }
  return best;
}

/** Letters in their order; each stretch begins a word, or goes on from the letter before. */
function scattered(wanted: string, within: string): Match | null {
  const ranges: [number, number][] = [];
  let from = 0;
  let score = 0;
  for (const letter of wanted) {
    const last = ranges.at(-1);
    if (last && within[last[1]] === letter) {
      last[1] += 1;
      from = last[1];
      score += 10;
      continue;
    }
    let at = within.indexOf(letter, from);
    while (at >= 0 && !startsWord(within, at)) at = within.indexOf(letter, at + 1);
    if (at < 0) return null;
    ranges.push([at, at + letter.length]);
    from = at + letter.length;
    score += 5;
  }
  return { score: score - (ranges[0]?.[0] ?? 0), ranges };
}

/** The text in pieces, matched ones marked. */
export function marked(text: string, ranges: [number, number][]): { text: string; on: boolean }[] {
  const pieces: { text: string; on: boolean }[] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) pieces.push({ text: text.slice(at, from), on: false });
    pieces.push({ text: text.slice(from, to), on: true });
    at = to;
  }
  if (at < text.length) pieces.push({ text: text.slice(at), on: false });
  return pieces;
}
