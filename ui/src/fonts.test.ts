import { expect, it } from 'vitest';

import { familiesOf } from './fonts';

it('reads the families of a token', () => {
  const value = `-apple-system, "Segoe UI", 'Noto Sans',  system-ui,sans-serif`;
  const families = ['-apple-system', 'Segoe UI', 'Noto Sans', 'system-ui', 'sans-serif'];
  expect(familiesOf(value)).toEqual(families);
  expect(familiesOf('')).toEqual([]);
});
