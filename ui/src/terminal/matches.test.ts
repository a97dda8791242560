import { describe, expect, it } from 'vitest';

import { beginWith, firstFrom, type Match, partsIn, step } from './matches';

const at = (row: number, column: number, width = 3, cols = 20): Match => {
  const end = column + width;
  return [row, column, row + Math.floor(end / cols), end % cols];
};
const matches = [at(5, 0), at(5, 10), at(40, 2), at(90, 1)];

describe('matches', () => {
  it('are found by their place', () => {
    expect(firstFrom(matches, 5, 0)).toBe(0);
    expect(firstFrom(matches, 5, 1)).toBe(1);
    expect(firstFrom(matches, 6, 0)).toBe(2);
    expect(firstFrom(matches, 91, 0)).toBe(4);
  });

  it('begin with one in sight, else with the nearest above', () => {
    expect(beginWith(matches, { first: 30, last: 50 })).toBe(2);
    expect(beginWith(matches, { first: 50, last: 70 })).toBe(2);
    expect(beginWith(matches, { first: 100, last: 120 })).toBe(3);
    expect(beginWith(matches, { first: 0, last: 3 })).toBe(0);
    expect(beginWith([], { first: 0, last: 3 })).toBeNull();
  });

  it('go around at both ends', () => {
    expect(step(3, 4, true)).toBe(0);
    expect(step(0, 4, false)).toBe(3);
    expect(step(null, 4, false)).toBe(3);
    expect(step(1, 0, true)).toBeNull();
  });

  it('have a part in each row that they reach into', () => {
    const wrapped = at(10, 15, 30);
    expect(partsIn([wrapped], 10, 12, 20)).toEqual([
      { row: 10, column: 15, width: 5 },
      { row: 11, column: 0, width: 20 },
      { row: 12, column: 0, width: 5 },
    ]);
    expect(partsIn([wrapped], 12, 30, 20)).toEqual([{ row: 12, column: 0, width: 5 }]);
    expect(partsIn([at(9, 17)], 9, 9, 20)).toEqual([{ row: 9, column: 17, width: 3 }]);
    expect(partsIn(matches, 6, 39, 20)).toEqual([]);
  });
});
