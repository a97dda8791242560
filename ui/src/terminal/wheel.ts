/**
 * The wheel of the mouse where xterm.js has other ideas: where nothing can be scrolled it is the
 * arrow keys, three for a notch and unless the program does not want that (mode 1007), and with
 * Shift it scrolls here although the program has the mouse.
 */
import type { Terminal } from '@xterm/xterm';

/** How far a notch of the wheel goes. */
export const LINES_PER_NOTCH = 3;
/** What web views count a notch as, whatever it is in pixels. */
const NOTCH = 120;
/** The mode that makes the wheel arrow keys in the alternate screen. */
const ALTERNATE_SCROLL = 1007;

/** The parts of a wheel event that decide; the counts are of WebKit and Chromium. */
export type Turn = Pick<WheelEvent, 'deltaX' | 'deltaY'> & {
  wheelDeltaX?: number;
  wheelDeltaY?: number;
};

/** Counts the lines that the wheel goes; a touchpad tells of less than one at a time. */
export class WheelLines {
  #rest = 0;

  /** How many lines down it is now; up is less than zero. */
  turn(turn: Turn): number {
    // With Shift the web view takes the wheel for a sideways one.
    const isAcross = turn.deltaY === 0;
    const notch = isAcross ? turn.wheelDeltaX : turn.wheelDeltaY;
    const notches = notch === undefined ? Math.sign(turn.deltaY) : -notch / NOTCH;
    const lines = notches * LINES_PER_NOTCH;
    if (Math.sign(lines) !== Math.sign(this.#rest)) this.#rest = 0;
    this.#rest += lines;
    const whole = Math.trunc(this.#rest) || 0;
    this.#rest -= whole;
    return whole;
  }
}

/** Takes over the wheel of a terminal. */
export class Wheel {
  readonly #terminal: Terminal;
  readonly #lines = new WheelLines();
  #alternateScroll = true;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    for (const final of ['h', 'l']) {
      terminal.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
        if (params.includes(ALTERNATE_SCROLL)) this.#alternateScroll = final === 'h';
        return false;
      });
    }
    terminal.parser.registerEscHandler({ final: 'c' }, () => {
      this.#alternateScroll = true;
      return false;
    });
    terminal.attachCustomWheelEventHandler((event) => this.#turn(event));
  }

  /** Returns whether xterm.js may handle it. */
  #turn(event: WheelEvent): boolean {
    const { modes, buffer } = this.#terminal;
    // The old X10 mode knows no wheel.
    const hasProgramWheel = !['none', 'x10'].includes(modes.mouseTrackingMode);
    if (hasProgramWheel) {
      if (!event.shiftKey) return true;
      this.#terminal.scrollLines(this.#lines.turn(event));
      return false;
    }
    if (buffer.active.type === 'normal') return true;
    event.preventDefault();
    event.stopPropagation();
    const lines = this.#lines.turn(event);
    if (lines === 0 || !this.#alternateScroll || event.shiftKey) return false;
    const arrow = `\x1b${modes.applicationCursorKeysMode ? 'O' : '['}${lines < 0 ? 'A' : 'B'}`;
    this.#terminal.input(arrow.repeat(Math.abs(lines)));
    return false;
  }
}
