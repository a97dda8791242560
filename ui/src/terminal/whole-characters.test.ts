import { expect, test } from 'vitest';

import { WholeCharacters } from './whole-characters';

const text = 'a、é👍🏽\u{1f000}z';

test('a character that comes in two pieces is passed on whole', () => {
  const bytes = new TextEncoder().encode(text);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const pieces = new WholeCharacters();
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const first = decoder.decode(pieces.next(bytes.subarray(0, cut)));
    const second = decoder.decode(pieces.next(bytes.subarray(cut)));
    expect(first + second).toBe(text);
  }
});

test('bytes that are no UTF-8 are not kept', () => {
  const pieces = new WholeCharacters();
  expect([...pieces.next(new Uint8Array([0x61, 0xff, 0x80, 0x80, 0x80]))]).toHaveLength(5);
});

test('after a reset nothing is left of the stream before', () => {
  const pieces = new WholeCharacters();
  pieces.next(new Uint8Array([0xe3, 0x80]));
  pieces.reset();
  expect([...pieces.next(new Uint8Array([0x62]))]).toEqual([0x62]);
});
