import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { bootstrap, CommandFailed } from './ipc';

const refusal = { code: 'internal', message: 'no store', hint: null, params: {} };

describe('what the page asks for before its program is there', () => {
  const invoke = vi.fn(() => Promise.resolve('asked now'));

  beforeEach(() => {
    vi.stubGlobal('window', { __TAURI_INTERNALS__: { invoke } });
    invoke.mockClear();
  });
  afterEach(() => vi.unstubAllGlobals());

  it('is taken once', async () => {
    window.__reprise_boot = Promise.resolve('asked early');
    expect(await bootstrap(0)).toBe('asked early');
    expect(invoke).not.toHaveBeenCalled();
    expect(await bootstrap(0)).toBe('asked now');
  });

  it('is no answer to what is asked later', async () => {
    window.__reprise_boot = Promise.resolve('asked early');
    expect(await bootstrap(7)).toBe('asked now');
    expect(invoke).toHaveBeenCalledWith('bootstrap', { since: 7 }, undefined);
  });

  it('fails as any command does', async () => {
    window.__reprise_boot = Promise.reject(refusal as unknown as Error);
    const failure = await bootstrap(0).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(CommandFailed);
    expect((failure as CommandFailed).reason).toEqual(refusal);
  });
});
