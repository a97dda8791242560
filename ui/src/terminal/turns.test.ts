import { describe, expect, it } from 'vitest';

import { nextTurn, turnsOf } from './turns';

// Nothing in these patterns means another thing to the host's engine.
const claude = new RegExp(turnsOf('claude').pattern, 'u');
const shell = new RegExp(turnsOf('shell-1').pattern, 'u');

describe('a turn of Claude Code', () => {
  it.each(['❯ hello, ação', '> hello', '❯ 2 files are missing', '❯ 1.5 seconds', '❯ /compact'])(
    'is %s',
    (line) => expect(line).toMatch(claude),
  );
  it.each([
    '❯\u00a0a draft at the prompt',
    '❯ 1. Yes',
    '❯',
    '  ❯ 2. No',
    '  > quoted by Claude',
    '>> more',
    'ls ❯ x',
  ])('is not %s', (line) => expect(line).not.toMatch(claude));
});

describe('a prompt of a shell', () => {
  it.each([
    'ana@loom:~/work$ make test',
    '(venv) ana@loom:~/work$ python',
    'root@loom:/# ls',
    'ana@loom ~ % git log',
    'bash-5.2$ ls',
    '$ ls',
    '❯ ls',
    '➜ cargo test',
  ])('is %s', (line) => expect(line).toMatch(shell));
  it.each(['$', 'price: 3 $ each', 'ana@loom.example wrote: hello', 'make: *** [all] Error 1'])(
    'is not %s',
    (line) => expect(line).not.toMatch(shell),
  );
});

it('the next is the nearest in its direction', () => {
  expect(nextTurn([3, 40, 90], 40, false)).toBe(3);
  expect(nextTurn([3, 40, 90], 40, true)).toBe(90);
  expect(nextTurn([3, 40, 90], 2, false)).toBeNull();
  expect(nextTurn([3, 40, 90], 90, true)).toBeNull();
});
