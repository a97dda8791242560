/** The time as the window shows it: by the second while something is young, else by the minute. */
const MINUTE = 60_000;

class Clock {
  now = $state(Date.now());
  #young = 0;

  /** Something began at this time: its first minute is shown in seconds. */
  expect(since: string): void {
    this.#young = Math.max(this.#young, new Date(since).getTime() + MINUTE);
  }

  start(): () => void {
    const timer = setInterval(() => {
      const now = Date.now();
      if (document.hidden) return;
      if (now < this.#young + 2000 || Math.floor(now / MINUTE) !== Math.floor(this.now / MINUTE)) {
        this.now = now;
      }
    }, 1000);
    return () => clearInterval(timer);
  }
}

export const clock = new Clock();
