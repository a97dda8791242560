import { expect, it } from 'vitest';

import { readPicture } from './picture';

const bytes = (text: string) => new TextEncoder().encode(text);

it('a picture is its size and its bytes', () => {
  expect(readPicture(bytes('{"cols":80,"rows":24}\n\x1b[1mhi\n'))).toEqual({
    cols: 80,
    rows: 24,
    bytes: bytes('\x1b[1mhi\n'),
  });
});

it.each(['', 'no line', 'garbage\nx', '{"cols":"80","rows":24}\nx', '{"cols":80,"rows":0}\nx'])(
  '%j is no picture',
  (text) => {
    expect(readPicture(bytes(text))).toBeNull();
  },
);
