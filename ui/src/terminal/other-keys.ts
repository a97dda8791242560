/**
 * xterm's modifyOtherKeys: keys with modifiers that old terminals cannot tell apart, as
 * `CSI 27 ; modifiers ; code ~`. Level 1 leaves what has a byte of its own, level 2 does not.
 * Described at https://invisible-island.net/xterm/modified-keys.html.
 */
import { isText, type KeyPress } from './key-press';

const NAMED: Readonly<Record<string, number>> = { Enter: 13, Tab: 9, Backspace: 127, Escape: 27 };

/** Whether Ctrl and this key have had a byte of their own for ever. */
function hasControlByte(key: string): boolean {
  return /^[@-~ /2-8]$/.test(key);
}

/** What the key sends at this level, or null where it is as without. */
export function encodeOtherKey(press: KeyPress, level: number): string | null {
  if (level === 0 || press.event === 'release') return null;
  const { key, shift, alt, ctrl } = press;
  const held = (shift ? 1 : 0) + (alt ? 2 : 0) + (ctrl ? 4 : 0) + (press.super ? 8 : 0);
  if (held === 0 || press.code.startsWith('Numpad')) return null;

  let code = NAMED[key];
  if (code === undefined) {
    if (!isText(key)) return null;
    const latin = key.charCodeAt(0) < 0x80 ? key : (press.base ?? key);
    const wanted = ctrl ? latin : key;
    // A space that comes a moment after a capital letter is one to most; xterm tells it apart.
    const onlyShift = held === 1 && !(level === 2 && key === ' ');
    if (onlyShift) return null;
    if (level === 1 && (!ctrl || hasControlByte(wanted))) return null;
    code = wanted.codePointAt(0) ?? 0;
  } else if (key === 'Tab' && held === 1) {
    // It has a sequence of its own.
    return null;
  } else if (level === 1 && (key === 'Backspace' || key === 'Escape')) {
    return null;
  } else if (key === 'Backspace' && held === 4) {
    return null;
  }
  return `\x1b[27;${String(held + 1)};${String(code)}~`;
}
