import { expect, test } from 'vitest';
import type { TerminalView } from '../bindings';
import { claudeIsOpen, openTerminals } from './terminals';

const terminal = (state: 'idle' | 'ended') =>
  ({ state: state === 'ended' ? { state, code: 0, signal: null } : { state } }) as TerminalView;

test('what runs is claude, unless it has ended, and each shell', () => {
  expect(openTerminals({ live: null, shells: [] })).toBe(0);
  expect(openTerminals({ live: terminal('idle'), shells: [terminal('idle')] })).toBe(2);
  expect(openTerminals({ live: terminal('ended'), shells: [terminal('idle')] })).toBe(1);
  expect(claudeIsOpen({ live: terminal('ended'), shells: [] })).toBe(false);
});
