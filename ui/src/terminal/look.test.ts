import { describe, expect, it } from 'vitest';

import { cssFamilies, lookOf, sameLook } from './look';

describe('lookOf', () => {
  it('is a look also while nothing is known of the person', () => {
    expect(lookOf(null)).toMatchObject({ fontFamily: null, fontSize: 13, cursorStyle: 'block' });
  });
});

describe('sameLook', () => {
  it('notices every field', () => {
    const look = lookOf(null);
    expect(sameLook(look, { ...look })).toBe(true);
    expect(sameLook(look, { ...look, cursorBlink: true })).toBe(false);
    expect(sameLook(look, { ...look, fontFamily: 'Hack' })).toBe(false);
  });
});

describe('cssFamilies', () => {
  it('puts what was chosen before what is there anyway', () => {
    expect(cssFamilies('Fira Code', 'monospace')).toBe('"Fira Code", monospace');
    expect(cssFamilies(null, 'monospace')).toBe('monospace');
    expect(cssFamilies('  ', 'monospace')).toBe('monospace');
  });

  it('lets no name become a rule of the style sheet', () => {
    expect(cssFamilies('x"; } body { display: none', 'monospace')).toBe(
      '"x  body  display: none", monospace',
    );
    expect(cssFamilies('a\\"b\n</style>', 'monospace')).toBe('"ab/style", monospace');
  });
});
