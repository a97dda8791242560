/** The time as the window shows it: by the second at first, then by ten, and after a minute by the minute. */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** What is younger than this is shown second by second, then in larger steps. */
const YOUNG = 12 * SECOND;
const STEP = 10 * SECOND;

class Clock {
  now = $state(Date.now());
  #youngest = 0;

  /** Something began at this time: its first minute is told in seconds. */
  expect(since: string): void {
    this.#youngest = Math.max(this.#youngest, new Date(since).getTime());
  }

  start(): () => void {
    const timer = setInterval(() => {
      const now = Date.now();
      if (document.hidden) return;
      const age = now - this.#youngest;
      // Each new time is drawn anew, which a window that nobody touches can do without.
      const step = age < YOUNG ? SECOND : age < MINUTE + STEP ? STEP : MINUTE;
      if (Math.floor(now / step) !== Math.floor(this.now / step)) this.now = now;
    }, SECOND);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();
