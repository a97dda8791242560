import { describe, expect, it } from 'vitest';

import { COLUMNS, remaining, type Selected } from './selected';

/** From the fifth column of line 10 to the third of line 13, dragged from the end to the start. */
const upwards: Selected = {
  buffer: 'normal',
  cols: 80,
  text: 'a\nb\nc\nd',
  from: { x: 5, line: 10 },
  to: { x: 3, line: 13 },
  anchor: { x: 3, line: 13 },
  head: { x: 5, line: 10 },
  atLeast: 0,
  mode: 0,
};

describe('what remains of a selection when lines leave the scrollback', () => {
  it('is all of it while they are others', () => {
    expect(remaining(upwards, 10)).toBe(upwards);
    expect(remaining({ ...upwards, buffer: 'alternate' }, 99)).toMatchObject({
      text: 'a\nb\nc\nd',
    });
  });

  it('are the lines that are left, from their start', () => {
    const left = remaining(upwards, 12);
    expect(left).toMatchObject({ from: { x: 0, line: 12 }, to: { x: 3, line: 13 } });
    expect(left).toMatchObject({ anchor: { x: 0, line: 12 }, head: { x: 3, line: 13 } });
  });

  it('is nothing once the last is gone', () => {
    expect(remaining(upwards, 13)).not.toBeNull();
    expect(remaining(upwards, 14)).toBeNull();
    expect(remaining({ ...upwards, to: { x: 0, line: 13 } }, 13)).toBeNull();
  });

  it('is a word no more whose line is gone', () => {
    const word = { ...upwards, to: { x: 9, line: 10 }, head: null, atLeast: 4 };
    expect(remaining(word, 11)).toBeNull();
  });

  it('keeps the columns of a rectangle', () => {
    const rectangle = { ...upwards, to: { x: 9, line: 13 }, mode: COLUMNS };
    expect(remaining(rectangle, 12)).toMatchObject({ from: { x: 5, line: 12 } });
  });
});
