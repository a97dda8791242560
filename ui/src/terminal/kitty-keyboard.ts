/**
 * The kitty keyboard protocol: what a key sends while a program has asked for it. xterm.js 6.0
 * knows only the keys of old terminals. The protocol's description is
 * https://sw.kovidgoyal.net/kitty/keyboard-protocol/.
 */
import { isText, type KeyPress, MODIFIER_KEYS } from './key-press';

/** The bits of the protocol's flags. */
export const DISAMBIGUATE = 1;
export const EVENT_TYPES = 2;
export const ALTERNATE_KEYS = 4;
export const ALL_KEYS = 8;
export const TEXT = 16;

/** A key's number, and the letter that ends its sequence. */
type Functional = readonly [number: number, final: string];

const FUNCTIONAL: Readonly<Record<string, Functional>> = {
  Escape: [27, 'u'],
  Enter: [13, 'u'],
  Tab: [9, 'u'],
  Backspace: [127, 'u'],
  Insert: [2, '~'],
  Delete: [3, '~'],
  ArrowLeft: [1, 'D'],
  ArrowRight: [1, 'C'],
  ArrowUp: [1, 'A'],
  ArrowDown: [1, 'B'],
  PageUp: [5, '~'],
  PageDown: [6, '~'],
  Home: [1, 'H'],
  End: [1, 'F'],
  PrintScreen: [57361, 'u'],
  Pause: [57362, 'u'],
  ContextMenu: [57363, 'u'],
  F1: [1, 'P'],
  F2: [1, 'Q'],
  F3: [13, '~'],
  F4: [1, 'S'],
  F5: [15, '~'],
  F6: [17, '~'],
  F7: [18, '~'],
  F8: [19, '~'],
  F9: [20, '~'],
  F10: [21, '~'],
  F11: [23, '~'],
  F12: [24, '~'],
  MediaPlay: [57428, 'u'],
  MediaPause: [57429, 'u'],
  MediaPlayPause: [57430, 'u'],
  MediaStop: [57432, 'u'],
  MediaFastForward: [57433, 'u'],
  MediaRewind: [57434, 'u'],
  MediaTrackNext: [57435, 'u'],
  MediaTrackPrevious: [57436, 'u'],
  MediaRecord: [57437, 'u'],
  AudioVolumeDown: [57438, 'u'],
  AudioVolumeUp: [57439, 'u'],
  AudioVolumeMute: [57440, 'u'],
};

/** F13 to F35. */
const F13 = 57376;

/** Keys of the keypad by their place, while they write. */
const KEYPAD: Readonly<Record<string, number>> = {
  NumpadDecimal: 57409,
  NumpadDivide: 57410,
  NumpadMultiply: 57411,
  NumpadSubtract: 57412,
  NumpadAdd: 57413,
  NumpadEnter: 57414,
  NumpadEqual: 57415,
  NumpadComma: 57416,
};

const KEYPAD_0 = 57399;

/** Keys of the keypad while Num Lock is off. */
const KEYPAD_MOVES: Readonly<Record<string, Functional>> = {
  ArrowLeft: [57417, 'u'],
  ArrowRight: [57418, 'u'],
  ArrowUp: [57419, 'u'],
  ArrowDown: [57420, 'u'],
  PageUp: [57421, 'u'],
  PageDown: [57422, 'u'],
  Home: [57423, 'u'],
  End: [57424, 'u'],
  Insert: [57425, 'u'],
  Delete: [57426, 'u'],
};

/** The 5 of the keypad, Num Lock off. */
const KEYPAD_BEGIN: Functional = [1, 'E'];

/** They stay what they are, so that one can leave a shell in which a program died. */
const PLAIN: Readonly<Record<string, string>> = { Enter: '\r', Tab: '\t', Backspace: '\x7f' };

const SHIFT = 1;
const LOCK_BITS = 64 + 128;

function modifiers(press: KeyPress): number {
  return (
    (press.shift ? SHIFT : 0) +
    (press.alt ? 2 : 0) +
    (press.ctrl ? 4 : 0) +
    (press.super ? 8 : 0) +
    (press.hyper ? 16 : 0) +
    (press.capsLock ? 64 : 0) +
    (press.numLock ? 128 : 0)
  );
}

/** Whether the key writes text by itself: nothing but Shift and the locks is held. */
function writes(press: KeyPress): boolean {
  return isText(press.key) && !press.ctrl && !press.alt && !press.super && !press.hyper;
}

function functional({ key, code }: KeyPress): Functional | null {
  if (code.startsWith('Numpad')) {
    const digit = /^Numpad(\d)$/.exec(code)?.[1];
    if (digit !== undefined && isText(key)) return [KEYPAD_0 + Number(digit), 'u'];
    const moves = KEYPAD_MOVES[key];
    if (moves) return moves;
    if (digit === '5') return KEYPAD_BEGIN;
    const number = KEYPAD[code];
    return number === undefined ? null : [number, 'u'];
  }
  const sides = MODIFIER_KEYS[key];
  if (sides) return [sides[code.endsWith('Right') ? 1 : 0], 'u'];
  const more = /^F(\d\d)$/.exec(key)?.[1];
  if (more !== undefined && Number(more) >= 13 && Number(more) <= 35) {
    return [F13 + Number(more) - 13, 'u'];
  }
  return FUNCTIONAL[key] ?? null;
}

function codePoint(text: string): number {
  return text.codePointAt(0) ?? 0;
}

/** The number of a key that writes text, with its alternates where they are asked for. */
function textKey(press: KeyPress, flags: number): string {
  const main = press.unshifted ?? press.key;
  if (!(flags & ALTERNATE_KEYS)) return String(codePoint(main));
  const shifted = press.shift && press.key !== main ? String(codePoint(press.key)) : '';
  const base = press.base !== null && press.base !== main ? String(codePoint(press.base)) : '';
  if (base) return `${String(codePoint(main))}:${shifted}:${base}`;
  return shifted ? `${String(codePoint(main))}:${shifted}` : String(codePoint(main));
}

function sequence(
  press: KeyPress,
  flags: number,
  number: string,
  final: string,
  held: number,
): string {
  const kind = { press: '', repeat: ':2', release: ':3' }[press.event];
  const event = flags & EVENT_TYPES ? kind : '';
  const text =
    flags & TEXT && flags & ALL_KEYS && press.event !== 'release' && writes(press)
      ? `;${String(codePoint(press.key))}`
      : '';
  const second = held > 0 || event ? `;${String(held + 1)}${event}` : text ? ';' : '';
  const first = number === '1' && final !== 'u' && !second && !text ? '' : number;
  return `\x1b[${first}${second}${text}${final}`;
}

/**
 * What the key sends by the protocol; empty where it sends nothing, null where it is as without
 * the protocol: text, and everything while no flag that changes keys is set. `told`: the press that
 * this is the release of was no text, whatever modifiers were let go of since.
 */
export function encodeKittyKey(press: KeyPress, flags: number, told = false): string | null {
  if (!(flags & (DISAMBIGUATE | EVENT_TYPES | ALL_KEYS))) return null;
  if (press.event === 'release' && !(flags & EVENT_TYPES)) return '';
  const all = (flags & ALL_KEYS) !== 0;
  const released = press.event === 'release';
  if (!all && writes(press) && !(released && told)) return released ? '' : null;

  const isModifier = press.key in MODIFIER_KEYS;
  if (isModifier && !all) return '';

  const held = modifiers(press);
  const plain = press.code.startsWith('Numpad') ? undefined : PLAIN[press.key];
  if (plain !== undefined && !all) {
    if (released) return '';
    if ((held & ~LOCK_BITS) === 0) return plain;
  }

  const named = functional(press);
  if (named) {
    const [number, final] = named;
    // The locks would make other keys of those that many programs know only by their bytes.
    const shown = plain !== undefined && !all ? held & ~LOCK_BITS : held;
    if (!(flags & DISAMBIGUATE) && !all && press.event === 'press') return null;
    return sequence(press, flags, String(number), final, shown);
  }
  if (!isText(press.key)) return released ? '' : null;
  if (!(flags & DISAMBIGUATE) && !all && press.event === 'press') return null;
  return sequence(press, flags, textKey(press, flags), 'u', held);
}

/** Text that no key stands for, of an input method or a dead key. */
export function encodeKittyText(text: string, flags: number): string {
  if (!(flags & TEXT) || !(flags & ALL_KEYS)) return text;
  const points = [...text].map((character) => String(codePoint(character)));
  return `\x1b[0;;${points.join(':')}u`;
}
