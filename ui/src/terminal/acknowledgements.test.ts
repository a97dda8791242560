import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Acknowledgements } from './acknowledgements';

describe('Acknowledgements', () => {
  const told: [number, number][] = [];
  let acks: Acknowledgements;

  beforeEach(() => {
    vi.useFakeTimers();
    told.length = 0;
    acks = new Acknowledgements((offset, painted) => told.push([offset, painted]));
    acks.open();
  });
  afterEach(() => vi.useRealTimers());

  it('come for each 64 KiB, and for the rest after a moment', () => {
    acks.parsedTo(60_000);
    expect(told).toEqual([]);
    acks.parsedTo(70_000);
    expect(told).toEqual([[70_000, 0]]);
    acks.parsedTo(70_001);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([
      [70_000, 0],
      [70_001, 0],
    ]);
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveLength(2);
  });

  it('come on the way through a snapshot, and at its end at once', () => {
    acks.painted(100_000);
    acks.painted(10);
    acks.parsedTo(5_000_000, true);
    expect(told).toEqual([
      [0, 100_000],
      [5_000_000, 100_010],
    ]);
  });

  it('begin anew with a new attachment, and wait for it', () => {
    acks.parsedTo(100_000);
    acks.restart();
    acks.painted(70_000);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([[100_000, 0]]);
    acks.open();
    vi.advanceTimersByTime(200);
    expect(told).toEqual([
      [100_000, 0],
      [0, 70_000],
    ]);
  });
});
