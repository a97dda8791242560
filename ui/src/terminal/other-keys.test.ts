import { expect, it } from 'vitest';

import { type KeyEventLike, KeyReader } from './key-press';
import { encodeOtherKey } from './other-keys';

function sent(level: number, key: string, code: string, held: string): string | null {
  const event: KeyEventLike = {
    type: 'keydown',
    key,
    code,
    repeat: false,
    shiftKey: held.includes('s'),
    altKey: held.includes('a'),
    ctrlKey: held.includes('c'),
    metaKey: false,
    getModifierState: () => false,
  };
  return encodeOtherKey(new KeyReader().read(event), level)?.replace('\x1b', 'E') ?? null;
}

it.each<[string, string, string, first: string | null, second: string | null]>([
  ['a', 'KeyA', '', null, null],
  ['A', 'KeyA', 's', null, null],
  ['a', 'KeyA', 'c', null, 'E[27;5;97~'],
  ['A', 'KeyA', 'cs', null, 'E[27;6;65~'],
  ['с', 'KeyC', 'c', null, 'E[27;5;99~'],
  ['a', 'KeyA', 'a', null, 'E[27;3;97~'],
  ['ж', 'Semicolon', 'a', null, 'E[27;3;1078~'],
  ['.', 'Period', 'c', 'E[27;5;46~', 'E[27;5;46~'],
  ['1', 'Digit1', 'c', 'E[27;5;49~', 'E[27;5;49~'],
  ['2', 'Digit2', 'c', null, 'E[27;5;50~'],
  [' ', 'Space', '', null, null],
  [' ', 'Space', 's', null, 'E[27;2;32~'],
  [' ', 'Space', 'c', null, 'E[27;5;32~'],
  ['Enter', 'Enter', '', null, null],
  ['Enter', 'Enter', 's', 'E[27;2;13~', 'E[27;2;13~'],
  ['Enter', 'Enter', 'c', 'E[27;5;13~', 'E[27;5;13~'],
  ['Enter', 'Enter', 'a', 'E[27;3;13~', 'E[27;3;13~'],
  ['Tab', 'Tab', 's', null, null],
  ['Tab', 'Tab', 'c', 'E[27;5;9~', 'E[27;5;9~'],
  ['Backspace', 'Backspace', 's', null, 'E[27;2;127~'],
  ['Backspace', 'Backspace', 'c', null, null],
  ['Escape', 'Escape', '', null, null],
  ['Escape', 'Escape', 'a', null, 'E[27;3;27~'],
  ['ArrowUp', 'ArrowUp', 'c', null, null],
  ['F5', 'F5', 's', null, null],
  ['5', 'Numpad5', 'c', null, null],
])('%s (%s, %s)', (key, code, held, first, second) => {
  expect(sent(0, key, code, held)).toBeNull();
  expect(sent(1, key, code, held)).toBe(first);
  expect(sent(2, key, code, held)).toBe(second);
});
