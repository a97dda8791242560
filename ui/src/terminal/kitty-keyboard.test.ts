import { describe, expect, it } from 'vitest';

import { type KeyEventLike, KeyReader } from './key-press';
import { encodeKittyKey, encodeKittyText } from './kitty-keyboard';

/** Modifiers in short: s Shift, a Alt, c Ctrl, m Super, h Hyper, L Caps Lock, N Num Lock, 3 AltGr. */
function event(
  key: string,
  code: string,
  held = '',
  type: 'keydown' | 'keyup' | 'repeat' = 'keydown',
): KeyEventLike {
  const states: Record<string, string> = {
    L: 'CapsLock',
    N: 'NumLock',
    h: 'Hyper',
    '3': 'AltGraph',
  };
  return {
    type: type === 'repeat' ? 'keydown' : type,
    key,
    code,
    repeat: type === 'repeat',
    shiftKey: held.includes('s'),
    altKey: held.includes('a'),
    ctrlKey: held.includes('c'),
    metaKey: held.includes('m'),
    getModifierState: (name) => [...held].some((letter) => states[letter] === name),
  };
}

/** What the key sends, with the escape character written as E. */
function sent(flags: number, ...of: Parameters<typeof event>): string | null {
  const bytes = encodeKittyKey(new KeyReader().read(event(...of)), flags);
  return bytes?.replaceAll('\x1b', 'E') ?? null;
}

type Row = [key: string, code: string, held: string, bytes: string | null];

describe('flag 1, disambiguate', () => {
  it.each<Row>([
    // Text stays text.
    ['a', 'KeyA', '', null],
    ['A', 'KeyA', 's', null],
    ['A', 'KeyA', 'L', null],
    ['!', 'Digit1', 's', null],
    [' ', 'Space', '', null],
    [' ', 'Space', 's', null],
    ['é', 'KeyE', '3', null],
    ['ж', 'Semicolon', '', null],
    ['5', 'Numpad5', 'N', null],
    // Keys with modifiers.
    ['a', 'KeyA', 'c', 'E[97;5u'],
    ['A', 'KeyA', 'cs', 'E[97;6u'],
    ['a', 'KeyA', 'a', 'E[97;3u'],
    ['A', 'KeyA', 'as', 'E[97;4u'],
    ['a', 'KeyA', 'ca', 'E[97;7u'],
    ['a', 'KeyA', 'm', 'E[97;9u'],
    ['a', 'KeyA', 'h', 'E[97;17u'],
    ['a', 'KeyA', 'csamh', 'E[97;32u'],
    ['a', 'KeyA', 'cL', 'E[97;69u'],
    ['a', 'KeyA', 'cN', 'E[97;133u'],
    [' ', 'Space', 'c', 'E[32;5u'],
    ['[', 'BracketLeft', 'a', 'E[91;3u'],
    ['!', 'Digit1', 'cs', 'E[49;6u'],
    ['с', 'KeyC', 'c', 'E[1089;5u'],
    ['Escape', 'Escape', '', 'E[27u'],
    ['Escape', 'Escape', 's', 'E[27;2u'],
    // They stay what they are, until something is held.
    ['Enter', 'Enter', '', '\r'],
    ['Enter', 'Enter', 'N', '\r'],
    ['Enter', 'Enter', 'L', '\r'],
    ['Tab', 'Tab', '', '\t'],
    ['Backspace', 'Backspace', '', '\x7f'],
    ['Enter', 'Enter', 's', 'E[13;2u'],
    ['Enter', 'Enter', 'sN', 'E[13;2u'],
    ['Enter', 'Enter', 'c', 'E[13;5u'],
    ['Enter', 'Enter', 'a', 'E[13;3u'],
    ['Tab', 'Tab', 's', 'E[9;2u'],
    ['Unidentified', 'Tab', 's', 'E[9;2u'],
    ['Tab', 'Tab', 'c', 'E[9;5u'],
    ['Backspace', 'Backspace', 'c', 'E[127;5u'],
    ['Backspace', 'Backspace', 'a', 'E[127;3u'],
    // Functional keys.
    ['ArrowUp', 'ArrowUp', '', 'E[A'],
    ['ArrowDown', 'ArrowDown', 's', 'E[1;2B'],
    ['ArrowRight', 'ArrowRight', 'c', 'E[1;5C'],
    ['ArrowLeft', 'ArrowLeft', 'csa', 'E[1;8D'],
    ['Home', 'Home', '', 'E[H'],
    ['End', 'End', 'c', 'E[1;5F'],
    ['Insert', 'Insert', '', 'E[2~'],
    ['Delete', 'Delete', 's', 'E[3;2~'],
    ['PageUp', 'PageUp', '', 'E[5~'],
    ['PageDown', 'PageDown', 'a', 'E[6;3~'],
    ['F1', 'F1', '', 'E[P'],
    ['F2', 'F2', 's', 'E[1;2Q'],
    ['F3', 'F3', '', 'E[13~'],
    ['F3', 'F3', 'c', 'E[13;5~'],
    ['F4', 'F4', '', 'E[S'],
    ['F5', 'F5', '', 'E[15~'],
    ['F6', 'F6', '', 'E[17~'],
    ['F7', 'F7', '', 'E[18~'],
    ['F8', 'F8', '', 'E[19~'],
    ['F9', 'F9', '', 'E[20~'],
    ['F10', 'F10', '', 'E[21~'],
    ['F11', 'F11', '', 'E[23~'],
    ['F12', 'F12', 'm', 'E[24;9~'],
    ['F13', 'F13', '', 'E[57376u'],
    ['F24', 'F24', 's', 'E[57387;2u'],
    ['F35', 'F35', '', 'E[57398u'],
    ['ContextMenu', 'ContextMenu', '', 'E[57363u'],
    ['PrintScreen', 'PrintScreen', '', 'E[57361u'],
    ['Pause', 'Pause', '', 'E[57362u'],
    ['MediaPlayPause', 'MediaPlayPause', '', 'E[57430u'],
    ['AudioVolumeUp', 'AudioVolumeUp', '', 'E[57439u'],
    // The keypad has numbers of its own where it writes no text.
    ['Enter', 'NumpadEnter', '', 'E[57414u'],
    ['ArrowUp', 'Numpad8', '', 'E[57419u'],
    ['Home', 'Numpad7', 'c', 'E[57423;5u'],
    ['Insert', 'Numpad0', '', 'E[57425u'],
    ['Delete', 'NumpadDecimal', '', 'E[57426u'],
    ['Clear', 'Numpad5', '', 'E[E'],
    ['Unidentified', 'Numpad5', 's', 'E[1;2E'],
    ['5', 'Numpad5', 'c', 'E[57404;5u'],
    ['+', 'NumpadAdd', 'c', 'E[57413;5u'],
    ['/', 'NumpadDivide', 'a', 'E[57410;3u'],
    // Keys that are modifiers say nothing by themselves.
    ['Shift', 'ShiftLeft', 's', ''],
    ['Control', 'ControlRight', 'c', ''],
    ['CapsLock', 'CapsLock', '', ''],
    ['NumLock', 'NumLock', '', ''],
    ['Unidentified', '', '', null],
  ])('%s (%s, %s)', (key, code, held, bytes) => {
    expect(sent(1, key, code, held)).toBe(bytes);
    expect(sent(1, key, code, held, 'keyup')).toBe('');
    expect(sent(1, key, code, held, 'repeat')).toBe(bytes);
  });
});

describe('flags 1 and 2, event types', () => {
  it.each<Row>([
    ['a', 'KeyA', 'c', 'E[97;5:3u'],
    ['ArrowUp', 'ArrowUp', '', 'E[1;1:3A'],
    ['ArrowUp', 'ArrowUp', 's', 'E[1;2:3A'],
    ['Escape', 'Escape', '', 'E[27;1:3u'],
    ['Delete', 'Delete', '', 'E[3;1:3~'],
    // Text, and what must stay typable, has no such events.
    ['a', 'KeyA', '', ''],
    ['Enter', 'Enter', '', ''],
    ['Tab', 'Tab', '', ''],
    ['Backspace', 'Backspace', 'c', ''],
    ['Shift', 'ShiftLeft', '', ''],
  ])('%s (%s, %s) let go of', (key, code, held, bytes) => {
    expect(sent(3, key, code, held, 'keyup')).toBe(bytes);
  });

  it.each<Row>([
    ['a', 'KeyA', 'c', 'E[97;5:2u'],
    ['ArrowUp', 'ArrowUp', '', 'E[1;1:2A'],
    ['a', 'KeyA', '', null],
    ['Enter', 'Enter', '', '\r'],
  ])('%s (%s, %s) repeated', (key, code, held, bytes) => {
    expect(sent(3, key, code, held, 'repeat')).toBe(bytes);
  });

  it('a key is told to be let go of after its modifier was', () => {
    const press = new KeyReader().read(event('a', 'KeyA', '', 'keyup'));
    expect(encodeKittyKey(press, 3, true)).toBe('\x1b[97;1:3u');
    expect(encodeKittyKey(press, 3, false)).toBe('');
  });

  it('without flag 1 presses are those of old terminals', () => {
    expect(sent(2, 'a', 'KeyA', 'c')).toBeNull();
    expect(sent(2, 'ArrowUp', 'ArrowUp')).toBeNull();
    expect(sent(2, 'Escape', 'Escape')).toBeNull();
    expect(sent(2, 'a', 'KeyA', 'c', 'keyup')).toBe('E[97;5:3u');
    expect(sent(2, 'ArrowUp', 'ArrowUp', '', 'keyup')).toBe('E[1;1:3A');
  });
});

describe('flags 1 and 4, alternate keys', () => {
  it.each<Row>([
    ['a', 'KeyA', 'c', 'E[97;5u'],
    ['A', 'KeyA', 'cs', 'E[97:65;6u'],
    ['!', 'Digit1', 'cs', 'E[49:33;6u'],
    ['с', 'KeyC', 'c', 'E[1089::99;5u'],
    ['С', 'KeyC', 'cs', 'E[1089:1057:99;6u'],
    // French: the key of the US layout's Q writes an A.
    ['a', 'KeyQ', 'c', 'E[97::113;5u'],
    ['ArrowUp', 'ArrowUp', 's', 'E[1;2A'],
    ['Enter', 'Enter', 's', 'E[13;2u'],
    ['5', 'Numpad5', 'c', 'E[57404;5u'],
  ])('%s (%s, %s)', (key, code, held, bytes) => {
    expect(sent(5, key, code, held)).toBe(bytes);
  });

  it('a key that was typed once says what it writes without Shift', () => {
    const reader = new KeyReader();
    const shifted = () => encodeKittyKey(reader.read(event('1', 'Digit1', 'cs')), 5);
    reader.read(event('&', 'Digit1'));
    expect(shifted()).toBe('\x1b[38:49:49;6u');
  });
});

describe('flag 8, all keys', () => {
  it.each<Row>([
    ['a', 'KeyA', '', 'E[97u'],
    ['A', 'KeyA', 's', 'E[97;2u'],
    ['A', 'KeyA', 'L', 'E[97;65u'],
    ['5', 'Numpad5', 'N', 'E[57404;129u'],
    [' ', 'Space', '', 'E[32u'],
    ['Enter', 'Enter', '', 'E[13u'],
    ['Enter', 'Enter', 'N', 'E[13;129u'],
    ['Tab', 'Tab', '', 'E[9u'],
    ['Backspace', 'Backspace', '', 'E[127u'],
    ['Escape', 'Escape', '', 'E[27u'],
    ['ArrowUp', 'ArrowUp', '', 'E[A'],
    ['Shift', 'ShiftLeft', '', 'E[57441;2u'],
    ['Shift', 'ShiftRight', 's', 'E[57447;2u'],
    ['Control', 'ControlLeft', 'c', 'E[57442;5u'],
    ['Alt', 'AltRight', 'a', 'E[57449;3u'],
    ['Meta', 'MetaLeft', '', 'E[57444;9u'],
    ['Super', 'MetaRight', '', 'E[57450;9u'],
    ['Hyper', 'HyperLeft', '', 'E[57445;17u'],
    ['AltGraph', 'AltRight', '', 'E[57453u'],
    ['CapsLock', 'CapsLock', 'L', 'E[57358;65u'],
    ['NumLock', 'NumLock', 'N', 'E[57360;129u'],
    ['ScrollLock', 'ScrollLock', '', 'E[57359u'],
  ])('%s (%s, %s)', (key, code, held, bytes) => {
    expect(sent(8, key, code, held)).toBe(bytes);
    expect(sent(8, key, code, held, 'keyup')).toBe('');
  });

  it('with flag 2 every key says when it is let go of', () => {
    expect(sent(10, 'a', 'KeyA', '', 'keyup')).toBe('E[97;1:3u');
    expect(sent(10, 'Enter', 'Enter', '', 'keyup')).toBe('E[13;1:3u');
    expect(sent(10, 'a', 'KeyA', '', 'repeat')).toBe('E[97;1:2u');
    expect(sent(10, 'Shift', 'ShiftLeft', 's', 'keyup')).toBe('E[57441;1:3u');
  });

  it('a modifier is told as held until its other key is let go of, too', () => {
    const reader = new KeyReader();
    const send = (...of: Parameters<typeof event>) =>
      encodeKittyKey(reader.read(event(...of)), 11)?.replaceAll('\x1b', 'E');
    expect(send('Shift', 'ShiftLeft')).toBe('E[57441;2u');
    expect(send('Shift', 'ShiftRight', 's')).toBe('E[57447;2u');
    expect(send('Shift', 'ShiftLeft', 's', 'keyup')).toBe('E[57441;2:3u');
    expect(send('Shift', 'ShiftRight', 's', 'keyup')).toBe('E[57447;1:3u');
  });

  it('keys with Super held are told so where the event has no flag for it', () => {
    const reader = new KeyReader();
    reader.read(event('Super', 'MetaLeft'));
    expect(encodeKittyKey(reader.read(event('a', 'KeyA')), 1)).toBe('\x1b[97;9u');
    reader.forget();
    expect(encodeKittyKey(reader.read(event('a', 'KeyA')), 1)).toBeNull();
  });
});

describe('flags 8 and 16, associated text', () => {
  it.each<Row>([
    ['a', 'KeyA', '', 'E[97;;97u'],
    ['A', 'KeyA', 's', 'E[97;2;65u'],
    ['å', 'KeyA', '3', 'E[97;;229u'],
    ['a', 'KeyA', 'c', 'E[97;5u'],
    ['a', 'KeyA', 'a', 'E[97;3u'],
    ['Enter', 'Enter', '', 'E[13u'],
    ['5', 'Numpad5', 'N', 'E[57404;129;53u'],
  ])('%s (%s, %s)', (key, code, held, bytes) => {
    expect(sent(24, key, code, held)).toBe(bytes);
  });

  it('all flags at once', () => {
    expect(sent(31, 'A', 'KeyA', 's')).toBe('E[97:65;2;65u');
    expect(sent(31, 'A', 'KeyA', 's', 'repeat')).toBe('E[97:65;2:2;65u');
    expect(sent(31, 'A', 'KeyA', 's', 'keyup')).toBe('E[97:65;2:3u');
  });

  it('text of a dead key or an input method belongs to key 0', () => {
    expect(encodeKittyText('日本', 24)).toBe('\x1b[0;;26085:26412u');
    expect(encodeKittyText('é', 8)).toBe('é');
    expect(encodeKittyText('é', 1)).toBe('é');
  });
});

it('without a flag that changes keys nothing is different', () => {
  for (const flags of [0, 4, 16, 20]) {
    expect(sent(flags, 'a', 'KeyA', 'c')).toBeNull();
    expect(sent(flags, 'Enter', 'Enter', 's')).toBeNull();
    expect(sent(flags, 'ArrowUp', 'ArrowUp', '', 'keyup')).toBeNull();
  }
});
