/** The sequences that a terminal puts around a paste; inside one they would end it. */
// eslint-disable-next-line no-control-regex -- the escape character of the sequence
const BRACKETS = /(?:\x1b\[|\x9b)20[01]~/g;

/**
 * Text that is pasted: what could act as a key or as the end of the paste is taken out, as good
 * terminals do. Tabs and line breaks stay.
 */
export function pasteable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are exactly what must not get through
  return text.replace(BRACKETS, '').replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
}

/**
 * Whether a program that is not told of pastes would act on this text before the person could
 * look at it: it has line breaks, each of them an Enter, or control characters, which were not
 * seen where it was copied.
 */
export function needsLook(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- everything that is not seen
  return /[\x00-\x08\x0a-\x1f\x7f-\x9f]/.test(text);
}

/** How many lines there are to read; a break at the very end begins none. */
export function lineCount(text: string): number {
  return text.replace(/(?:\r\n|\r|\n)$/, '').split(/\r\n|\r|\n/).length;
}

/** The same text without an Enter in it. */
export function asOneLine(text: string): string {
  return pasteable(text)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
}

/** The text as the person looks at it, bounded: what is not seen is drawn as a sign. */
export function shownText(text: string, max: number): string {
  const lines = text.slice(0, max).replace(/\r\n?/g, '\n');
  // eslint-disable-next-line no-control-regex -- they have signs of their own in Unicode
  const seen = lines.replace(/[\x00-\x08\x0b-\x1f]/g, (control) =>
    String.fromCharCode(0x2400 + control.charCodeAt(0)),
  );
  // And these have none.
  return seen.replace(/[\x7f-\x9f]/g, '\u2421') + (text.length > max ? '…' : '');
}

/** Whether a link may be handed to the system: web addresses only. */
export function isWebLink(url: string): boolean {
  try {
    const { protocol } = new URL(url);
    return protocol === 'http:' || protocol === 'https:';
  } catch {
    return false;
  }
}
