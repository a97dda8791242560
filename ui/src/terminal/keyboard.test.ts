import { expect, it } from 'vitest';

import type { KeyPress } from './key-press';
import { beyondXterm } from './keyboard';

function press(key: string, base: string | null, held: string): KeyPress {
  return {
    event: 'press',
    key,
    code: '',
    shift: held.includes('s'),
    alt: held.includes('a'),
    ctrl: held.includes('c'),
    super: false,
    hyper: false,
    capsLock: false,
    numLock: false,
    unshifted: null,
    base,
  };
}

it.each<[string, string | null, string, string | null]>([
  ['Enter', null, 's', '\n'],
  ['Enter', null, '', null],
  ['Enter', null, 'cs', null],
  ['a', 'a', 'c', null],
  ['с', 'c', 'c', '\x03'],
  ['С', 'c', 'cs', '\x03'],
  ['с', 'c', 'ca', '\x1b\x03'],
  ['х', '[', 'c', '\x1b'],
  ['ж', ';', 'c', null],
  ['ж', ';', 'a', '\x1bж'],
  ['ж', ';', '', null],
])('without a protocol %s (%s, %s) sends %j', (key, base, held, bytes) => {
  expect(beyondXterm(press(key, base, held))).toBe(bytes);
});
