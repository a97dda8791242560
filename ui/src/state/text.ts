/** Untrusted text (names, paths, titles, reasons) on its way into the window. */

/** Longer names are cut: nothing that comes from outside may fill the window. */
export const MAX_TEXT = 400;

/**
 * One bounded line of plain text: no control characters, no line breaks, no characters that turn
 * the writing direction of what stands around it.
 */
export function plain(text: string, max = MAX_TEXT): string {
  const line = text
    // eslint-disable-next-line no-control-regex -- control characters are what is replaced
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');
  const characters = Array.from(line.slice(0, max * 2 + 2));
  return characters.length > max ? `${characters.slice(0, max - 1).join('')}…` : line;
}

/** A path as people write it: the home folder is `~`. */
export function tilde(path: string, home: string): string {
  const trimmed = home.replace(/\/+$/, '');
  if (trimmed === '') return path;
  if (path === trimmed) return '~';
  return path.startsWith(`${trimmed}/`) ? `~${path.slice(trimmed.length)}` : path;
}

/**
 * The folder as a row shows it: without its last part, when that is the project's name and
 * more than the home folder's sign or a root is left.
 */
export function rowFolder(path: string, name: string, home: string): string {
  const short = tilde(path, home);
  const at = short.lastIndexOf('/');
  return at > 1 && short.slice(at + 1) === name ? short.slice(0, at) : short;
}

/** Shortens a path until it fits: whole folders leave, from the middle. */
export function shortenPath(path: string, fits: (text: string) => boolean): string {
  if (fits(path)) return path;
  const parts = path.split('/');
  for (let gone = 1; gone <= parts.length - 2; gone += 1) {
    const head = parts[0] === '' ? ['', '…'] : [parts[0] ?? '', '…'];
    const shorter = [...head, ...parts.slice(gone + 1)].join('/');
    if (fits(shorter)) return shorter;
  }
  // Whoever shows it cuts its end, and one ellipsis is enough.
  const last = parts.at(-1) ?? '';
  return fits(`…/${last}`) ? `…/${last}` : last;
}

/** Head and tail of a name: when it is too long the head shrinks and the end stays. */
export function nameParts(name: string): { head: string; tail: string } {
  const characters = Array.from(name);
  if (characters.length <= 20) return { head: name, tail: '' };
  return { head: characters.slice(0, -12).join(''), tail: characters.slice(-12).join('') };
}

/** This moment, as the app writes times. */
export function timestamp(): string {
  return new Date().toISOString();
}
