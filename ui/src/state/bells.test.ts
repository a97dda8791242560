import { describe, expect, it } from 'vitest';

import { Bells } from './bells.svelte';

describe('Bells', () => {
  it('marks the terminal that rang, and its project, until it is seen', () => {
    const bells = new Bells();
    bells.add('p', 'shell-1');
    expect(bells.rang('p', 'shell-1')).toBe(true);
    expect(bells.rang('p')).toBe(true);
    expect(bells.rang('p', 'claude')).toBe(false);
    expect(bells.rang('q')).toBe(false);
    bells.seen('p', 'claude');
    expect(bells.rang('p')).toBe(true);
    bells.seen('p', 'shell-1');
    expect(bells.rang('p')).toBe(false);
  });

  it('forgets a project with all its terminals, and no other', () => {
    const bells = new Bells();
    bells.add('p', 'claude');
    bells.add('p', 'shell-2');
    bells.add('pp', 'claude');
    bells.forget('p');
    expect(bells.rang('p')).toBe(false);
    expect(bells.rang('pp')).toBe(true);
  });
});
