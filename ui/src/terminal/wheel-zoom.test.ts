import { describe, expect, it } from 'vitest';

import { WheelZoom } from './wheel-zoom';

/** The steps that movements of these pixels, so many milliseconds apart, make together. */
function steps(deltas: number[], every: number, deltaMode = 0): number[] {
  const zoom = new WheelZoom();
  return deltas.map((deltaY, index) =>
    zoom.step({ deltaY, deltaMode, timeStamp: 1000 + index * every }),
  );
}

describe('WheelZoom', () => {
  it('takes a step for each notch, away from the person larger', () => {
    expect(steps([-120, -120, 120], 200)).toEqual([1, 1, -1]);
    expect(steps([-3, 3], 200, 1)).toEqual([1, -1]);
  });

  it('takes a step for a stretch of a touchpad', () => {
    expect(steps([-12, -12, -12, -12], 100)).toEqual([0, 0, 1, 0]);
  });

  it('does not add up what was not one movement', () => {
    expect(steps([-20, 20, -20], 100)).toEqual([0, 0, 0]);
    expect(steps([-20, -20], 1000)).toEqual([0, 0]);
  });

  it('steps no faster than the eye follows', () => {
    expect(steps([-120, -120, -120, -120], 20)).toEqual([1, 0, 0, 1]);
  });
});
