import { describe, expect, it } from 'vitest';

import { isMove } from './mouse';

describe('a report of the mouse', () => {
  it('is one of a move, with or without a button', () => {
    for (const report of ['\x1b[<35;4;5M', '\x1b[<32;4;5M', '\x1b[<51;4;5M']) {
      expect(isMove(report), report).toBe(true);
    }
  });

  it('is one of a button or of the wheel', () => {
    for (const report of ['\x1b[<0;4;5M', '\x1b[<2;4;5m', '\x1b[<64;4;5M', '\x1b[<81;4;5M']) {
      expect(isMove(report), report).toBe(false);
    }
  });
});
