/**
 * A key event as an encoder needs it. What the web view does not tell is worked out here: the
 * unshifted key, the key of the standard layout, modifiers that have no flag in the event.
 */

/** One press, repetition or release of a key, with the modifiers it came with. */
export interface KeyPress {
  event: 'press' | 'repeat' | 'release';
  /** The DOM's name: the text of a key that writes one, else `Enter`, `ArrowUp`, `Shift`. */
  key: string;
  /** The physical key by the DOM's name for it: `KeyA`, `Numpad5`. */
  code: string;
  shift: boolean;
  alt: boolean;
  ctrl: boolean;
  /** The Windows key, or the command key of a Mac. */
  super: boolean;
  hyper: boolean;
  capsLock: boolean;
  numLock: boolean;
  /** The key without Shift, where it writes text; null for the others. */
  unshifted: string | null;
  /** What the physical key is on a US keyboard, where it writes text there. */
  base: string | null;
}

/** The parts of a keyboard event that are read. */
export type KeyEventLike = Pick<
  KeyboardEvent,
  | 'type'
  | 'key'
  | 'code'
  | 'repeat'
  | 'shiftKey'
  | 'altKey'
  | 'ctrlKey'
  | 'metaKey'
  | 'getModifierState'
>;

const US_SIGNS: Readonly<Record<string, string>> = {
  Backquote: '`',
  Minus: '-',
  Equal: '=',
  BracketLeft: '[',
  BracketRight: ']',
  Backslash: '\\',
  Semicolon: ';',
  Quote: "'",
  Comma: ',',
  Period: '.',
  Slash: '/',
  Space: ' ',
};

/** What a physical key writes on a US keyboard, without Shift. */
export function usKey(code: string): string | null {
  const letter = /^Key([A-Z])$/.exec(code)?.[1];
  if (letter) return letter.toLowerCase();
  return /^Digit(\d)$/.exec(code)?.[1] ?? US_SIGNS[code] ?? null;
}

/** Whether the DOM's name of a key is the text that it writes. */
export function isText(key: string): boolean {
  return [...key].length === 1;
}

/**
 * The keys that write nothing and do nothing by themselves, with their numbers in the kitty
 * keyboard protocol, left and right.
 */
export const MODIFIER_KEYS: Readonly<Record<string, readonly [left: number, right: number]>> = {
  Shift: [57441, 57447],
  Control: [57442, 57448],
  Alt: [57443, 57449],
  Super: [57444, 57450],
  Meta: [57444, 57450],
  OS: [57444, 57450],
  Hyper: [57445, 57451],
  AltGraph: [57453, 57453],
  CapsLock: [57358, 57358],
  NumLock: [57360, 57360],
  ScrollLock: [57359, 57359],
};

/** Which modifiers are down by the keys themselves, for those without a flag of their own. */
const BY_KEY: Readonly<Record<string, 'super' | 'hyper'>> = {
  Super: 'super',
  OS: 'super',
  Hyper: 'hyper',
};

/** The flag that the key itself is: pressing it sets it, letting go of it takes it back. */
const OWN_FLAG: Readonly<Record<string, 'shift' | 'alt' | 'ctrl' | 'super' | 'hyper'>> = {
  ...BY_KEY,
  Shift: 'shift',
  Alt: 'alt',
  Control: 'ctrl',
  Meta: 'super',
};

/** Reads key events one after the other, and remembers what is held and what a key writes. */
export class KeyReader {
  /** Modifier keys that are held, by their physical key. */
  readonly #held = new Map<string, string>();
  /** What the physical keys wrote without Shift, on this layout. */
  readonly #layout = new Map<string, string>();

  read(event: KeyEventLike): KeyPress {
    const { code } = event;
    // WebKitGTK has no name for Tab with Shift, which X11 calls another key.
    const key = event.key === 'Unidentified' && code === 'Tab' ? code : event.key;
    const release = event.type === 'keyup';
    const own = OWN_FLAG[key];
    if (own !== undefined) {
      if (release) this.#held.delete(code);
      else this.#held.set(code, own);
    }
    const held = [...this.#held.values()];
    const press: KeyPress = {
      event: release ? 'release' : event.repeat ? 'repeat' : 'press',
      key,
      code,
      shift: event.shiftKey,
      alt: event.altKey,
      ctrl: event.ctrlKey,
      super: event.metaKey || held.includes('super'),
      hyper: event.getModifierState('Hyper') || held.includes('hyper'),
      capsLock: event.getModifierState('CapsLock'),
      numLock: event.getModifierState('NumLock'),
      unshifted: null,
      base: usKey(code),
    };
    // Of its own event a modifier is a part, whichever way the web view counts.
    if (own !== undefined) press[own] = release ? held.includes(own) : true;
    press.unshifted = this.#unshifted(press, event.getModifierState('AltGraph'));
    return press;
  }

  /** The keyboard went elsewhere: what is let go of there is not told. */
  forget(): void {
    this.#held.clear();
  }

  #unshifted({ key, code, shift, base }: KeyPress, third: boolean): string | null {
    if (!isText(key)) return null;
    const lower = key.toLowerCase();
    if (!shift && !third) {
      this.#layout.set(code, lower);
      return lower;
    }
    if (lower !== key.toUpperCase() && !third) return lower;
    return this.#layout.get(code) ?? base ?? lower;
  }
}
