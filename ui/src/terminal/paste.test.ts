import { expect, it } from 'vitest';

import { isWebLink, pasteable } from './paste';

it('a paste cannot end itself or press keys', () => {
  expect(pasteable('a\x1b[201~\rrm -rf\x03\x9b201~\tb\nção')).toBe('a[201~\rrm -rf201~\tb\nção');
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
