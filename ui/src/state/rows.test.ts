import { describe, expect, it } from 'vitest';

import { near, places, scrolledTo } from './rows';

const PITCH = 47;
const HEIGHT = 800;

describe('the rows of a long list', () => {
  it('are those in sight and some around them, however long it is', () => {
    for (const above of [0, 1, 46, 47, 5000, 469_999, 10_000 * PITCH - HEIGHT]) {
      const { from, to } = near(above, HEIGHT, PITCH, 10_000);
      expect(from * PITCH).toBeLessThanOrEqual(above);
      expect(to * PITCH).toBeGreaterThanOrEqual(Math.min(above + HEIGHT, 10_000 * PITCH));
      expect(to - from).toBeLessThan(60);
    }
  });

  it('are all of a short list, and none of an empty one', () => {
    expect(near(0, HEIGHT, PITCH, 5)).toEqual({ from: 0, to: 5 });
    expect(near(0, HEIGHT, PITCH, 0)).toEqual({ from: 0, to: 0 });
    // The list became shorter than where it was scrolled to.
    expect(near(90_000, HEIGHT, PITCH, 3)).toEqual({ from: 3, to: 3 });
  });

  it('stay the same for most steps of a scroll', () => {
    const spans = new Set(
      Array.from({ length: 100 }, (_, at) => near(at * 4, HEIGHT, PITCH, 10_000).from),
    );
    expect(spans.size).toBeLessThan(4);
  });

  it('have the one that is kept among them, in its place', () => {
    const span = { from: 10, to: 13 };
    expect(places(span, 11, 100)).toEqual([10, 11, 12]);
    expect(places(span, 2, 100)).toEqual([2, 10, 11, 12]);
    expect(places(span, 99, 100)).toEqual([10, 11, 12, 99]);
    expect(places(span, 100, 100)).toEqual([10, 11, 12]);
    expect(places(span, -1, 12)).toEqual([10, 11]);
  });

  it('come into sight with the least scrolling', () => {
    expect(scrolledTo(3, 0, 400, 40)).toBe(0);
    expect(scrolledTo(9, 0, 400, 40)).toBe(0);
    expect(scrolledTo(10, 0, 400, 40)).toBe(48);
    expect(scrolledTo(2, 200, 400, 40)).toBe(72);
  });
});
