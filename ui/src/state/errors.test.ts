import { expect, test } from 'vitest';

import { explain } from './errors';

test('the home folder is short wherever it stands in the words', () => {
  const { what } = explain(
    {
      code: 'storeUnavailable',
      message: '',
      hint: null,
      params: { file: '/home/ana/x.sqlite3', reason: 'unable to open: /home/ana/x.sqlite3' },
    },
    '/home/ana',
  );
  expect(what).toBe(
    'The list of projects in ~/x.sqlite3 cannot be used: unable to open: ~/x.sqlite3',
  );
});
