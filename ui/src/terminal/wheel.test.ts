import { describe, expect, it } from 'vitest';

import { WheelLines } from './wheel';

describe('the lines that the wheel goes', () => {
  const notch = (wheelDeltaY: number) => ({ deltaX: 0, deltaY: -wheelDeltaY, wheelDeltaY });

  it('are three for a notch, whatever it is in pixels', () => {
    const lines = new WheelLines();
    expect(lines.turn({ deltaX: 0, deltaY: -84, wheelDeltaY: 120 })).toBe(-3);
    expect(lines.turn({ deltaX: 0, deltaY: 53, wheelDeltaY: -120 })).toBe(3);
  });

  it('are the same with Shift, which makes the wheel a sideways one', () => {
    const turn = { deltaX: -84, deltaY: 0, wheelDeltaX: 120, wheelDeltaY: 0 };
    expect(new WheelLines().turn(turn)).toBe(-3);
  });

  it('add up where a touchpad tells of less, and begin anew the other way', () => {
    const lines = new WheelLines();
    expect([20, 20, 20].map((count) => lines.turn(notch(count)))).toEqual([0, -1, 0]);
    expect(lines.turn(notch(-20))).toBe(0);
    expect(lines.turn(notch(-20))).toBe(1);
  });
});
