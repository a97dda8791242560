import { expect, it } from 'vitest';

import { asOneLine, isWebLink, lineCount, needsLook, pasteable, shownText } from './paste';

it.each([
  ['a\x1b[201~\rrm -rf\x03\x9b201~\tb\nção', 'a\rrm -rf\tb\nção'],
  // What is left when a marker is taken out of another is none.
  ['\x1b[20\x1b[201~1~x', '[201~x'],
  ['\x1b[200~y', 'y'],
])('the paste %j cannot end itself or press keys', (text, clean) => {
  expect(pasteable(text)).toBe(clean);
});

it.each([
  ['ls -l', false],
  ['a\tb', false],
  ['ls\n', true],
  ['ls\r', true],
  ['one\ntwo', true],
  ['echo \x1b[31m', true],
  ['echo \x7f', true],
])('%j is looked at first: %s', (text, asked) => {
  expect(needsLook(text)).toBe(asked);
});

it('lines are counted as they are read', () => {
  expect(['ls\n', 'a\nb', 'a\r\nb\r\n', 'a\n\nb'].map(lineCount)).toEqual([1, 2, 2, 3]);
});

it('one line has no Enter in it', () => {
  expect(asOneLine('  for x in 1 2\n  do\r\n\r\n    echo $x\n  done\n')).toBe(
    'for x in 1 2 do echo $x done',
  );
});

it('what is not seen is drawn', () => {
  expect(shownText('a\x1b[201~\r\nb\x00\x7f', 100)).toBe('a␛[201~\nb␀␡');
  expect(shownText('abc', 2)).toBe('ab…');
});

it.each([
  ['https://example.org/a?b#c', true],
  ['http://example.org', true],
  ['file:///etc/passwd', false],
  ['javascript:alert(1)', false],
  ['no address', false],
])('%s may be opened: %s', (url, may) => {
  expect(isWebLink(url)).toBe(may);
});
