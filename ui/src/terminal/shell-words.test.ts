import { expect, it } from 'vitest';

import { shellWord, shellWords } from './shell-words';

it.each([
  ['/home/ana/file.txt', '/home/ana/file.txt'],
  ['/home/ana/my file.txt', "'/home/ana/my file.txt'"],
  ["/home/ana/it's.txt", "'/home/ana/it'\\''s.txt'"],
  ['/home/ana/$HOME `id` !1 "x"', '\'/home/ana/$HOME `id` !1 "x"\''],
  ['/home/ana/ação/日本.png', "'/home/ana/ação/日本.png'"],
  ['/tmp/a\nb\x1b[201~é', "$'/tmp/a\\x0ab\\x1b[201~\\xc3\\xa9'"],
  ["/tmp/a\n'b\\", "$'/tmp/a\\x0a\\'b\\\\'"],
])('%j is written %s', (path, word) => {
  expect(shellWord(path)).toBe(word);
});

it('several files are words of their own', () => {
  expect(shellWords(['/a', '/b c'])).toBe("/a '/b c' ");
});
