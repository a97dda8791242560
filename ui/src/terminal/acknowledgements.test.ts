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

  it('come for each 128 KiB, and for the rest after a moment', () => {
    acks.parsedTo(130_000);
    expect(told).toEqual([]);
    acks.parsedTo(140_000);
    expect(told).toEqual([[140_000, 0]]);
    acks.parsedTo(140_001);
    vi.advanceTimersByTime(200);
    expect(told).toEqual([
      [140_000, 0],
      [140_001, 0],
    ]);
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveLength(2);
  });

  it('come on the way through a snapshot, and at its end at once', () => {
    acks.painted(150_000);
    acks.painted(10);
    acks.parsedTo(5_000_000, true);
    expect(told).toEqual([
      [0, 150_000],
      [5_000_000, 150_010],
    ]);
  });

  it('begin anew with a new attachment, and wait for it', () => {
    acks.parsedTo(150_000);
    acks.restart();
    acks.painted(140_000);
    vi.advanceTimersByTime(1_000);
    expect(told).toEqual([[150_000, 0]]);
    acks.open();
    vi.advanceTimersByTime(200);
    expect(told).toEqual([
      [150_000, 0],
      [0, 140_000],
    ]);
  });
});
