import { describe, expect, it } from 'vitest';

import { type Holder, isGone, isShown, MOST_HELD } from './most-recent';

class Terminal implements Holder {
  readonly keeps: boolean;
  holds = false;

  constructor(keeps = false) {
    this.keeps = keeps;
  }

  show(): void {
    this.holds = true;
    isShown(this);
  }

  letGo(): boolean {
    if (!this.keeps) this.holds = false;
    return !this.keeps;
  }
}

describe('the terminals that hold an xterm.js', () => {
  it('are those that were shown last', () => {
    const all = Array.from({ length: 10 }, () => new Terminal());
    for (const terminal of all) terminal.show();
    expect(all.filter((terminal) => terminal.holds)).toEqual(all.slice(-MOST_HELD));
    all[6]?.show();
    all[0]?.show();
    expect(all[7]?.holds).toBe(false);
    expect(all[6]?.holds).toBe(true);
    for (const terminal of all) isGone(terminal);
  });

  it('are more only where one must keep its own', () => {
    const ended = new Terminal(true);
    const all = [ended, ...Array.from({ length: 6 }, () => new Terminal())];
    for (const terminal of all) terminal.show();
    expect(ended.holds).toBe(true);
    expect(all.filter((terminal) => terminal.holds)).toHaveLength(MOST_HELD);
    for (const terminal of all) isGone(terminal);
  });
});
