import { describe, expect, it } from 'vitest';

import { clampPanel, columnWidth, type Room } from './panel';

const room = (rest: Partial<Room>): Room => ({
  windowWidth: 1280,
  sidebarWidth: 256,
  cellWidth: 7.8,
  terminalPadding: 26,
  wanted: 304,
  ...rest,
});

describe('columnWidth', () => {
  it('is what the person chose while there is room', () => {
    expect(columnWidth(room({}))).toBe(304);
    expect(columnWidth(room({ windowWidth: 1920, wanted: 420 }))).toBe(420);
  });

  it('gives way before the terminal has less than 80 columns', () => {
    // 1280 - 256 - (624 + 26)
    expect(columnWidth(room({ wanted: 420 }))).toBe(374);
    expect(columnWidth(room({ cellWidth: 9 }))).toBe(278);
  });

  it('is no column where even its smallest width would take columns from the terminal', () => {
    expect(columnWidth(room({ cellWidth: 9.2 }))).toBeNull();
    expect(columnWidth(room({ sidebarWidth: 360 }))).toBeNull();
    expect(columnWidth(room({ sidebarWidth: 44, cellWidth: 11.5 }))).toBe(290);
  });

  it('is no column below 1120 px, whatever the font', () => {
    expect(columnWidth(room({ windowWidth: 1119, sidebarWidth: 44, cellWidth: 4 }))).toBeNull();
  });

  it('waits for the font before it judges', () => {
    expect(columnWidth(room({ cellWidth: 0 }))).toBe(304);
  });
});

it('a width from the preferences is brought within its bounds', () => {
  expect([clampPanel(10), clampPanel(9999), clampPanel(Number.NaN)]).toEqual([272, 420, 304]);
});
