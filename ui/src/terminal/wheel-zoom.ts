/** The wheel with Ctrl changes the size of the text, one step at a time. */

/** So far a touchpad moves for one step, in pixels; a notch of a wheel is more. */
const STEP_PIXELS = 30;
/** A wheel that is flicked steps no faster than the eye follows. */
const STEP_EVERY_MS = 50;
/** After this time a movement is a new one. */
const PAUSE_MS = 400;

/** The parts of a wheel event that decide. */
export type Turn = Pick<WheelEvent, 'deltaY' | 'deltaMode' | 'timeStamp'>;

export class WheelZoom {
  #moved = 0;
  #movedAt = -Infinity;
  #steppedAt = -Infinity;

  /** 1 for larger, -1 for smaller, 0 for not yet. */
  step({ deltaY, deltaMode, timeStamp }: Turn): -1 | 0 | 1 {
    const pixels = deltaMode === 0 ? deltaY : deltaY * STEP_PIXELS;
    const turned = Math.sign(pixels) !== Math.sign(this.#moved);
    if (turned || timeStamp - this.#movedAt > PAUSE_MS) this.#moved = 0;
    this.#moved += pixels;
    this.#movedAt = timeStamp;
    if (Math.abs(this.#moved) < STEP_PIXELS || timeStamp - this.#steppedAt < STEP_EVERY_MS)
      return 0;
    this.#steppedAt = timeStamp;
    this.#moved = 0;
    return pixels < 0 ? 1 : -1;
  }
}
