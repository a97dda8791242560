import { expect, it } from 'vitest';

import tokens from './tokens.css?raw';

/** The declarations of the block that follows `selector`, without comments. */
function block(selector: string): string[] {
  const start = tokens.indexOf(`${selector} {`);
  const body = tokens.slice(tokens.indexOf('{', start) + 1, tokens.indexOf('}', start));
  return body
    .replace(/\/\*.*?\*\//gs, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

it('the dark theme of the system and the chosen one are the same', () => {
  const system = block(':root:not([data-theme])');
  expect(system.length).toBeGreaterThan(60);
  expect(block(':root[data-theme="dark"]')).toEqual(system);
});
