import { describe, expect, it } from 'vitest';

import type { ProgressView, ProjectView, TerminalState, TerminalView } from '../bindings';
import { progressWords, rowProgress, type SessionFacts, shownState } from './words';

const since = '2026-11-21T10:00:00Z';

function terminal(state: TerminalState): TerminalView {
  return {
    projectId: 'p',
    terminal: 'claude',
    state,
    since,
    hostPid: 1,
    programPid: 2,
    cols: 80,
    rows: 24,
    startedAt: since,
    clients: 1,
    title: null,
    progress: null,
    waitsForRestart: false,
    queue: [],
    ask: null,
    run: null,
    background: false,
  };
}

function project(state: TerminalState | null, rest: Partial<ProjectView> = {}): ProjectView {
  return {
    id: 'p',
    name: 'ledger-api',
    workspacePath: '/w',
    status: 'active',
    sessionId: 'id',
    invalidSessionId: null,
    live: state ? terminal(state) : null,
    shells: [],
    elsewhere: null,
    lastEnd: null,
    lastUsedAt: null,
    muted: false,
    hasPicture: false,
    createdAtUs: 1,
    ...rest,
  };
}

const facts = (rest: Partial<SessionFacts>): SessionFacts => ({
  phase: 'open',
  resuming: false,
  openingSince: since,
  ended: null,
  ...rest,
});

describe('the state of a project', () => {
  it.each([
    ['idle', 'Idle', false],
    ['working', 'Working', false],
    ['permission', 'Needs permission', true],
    ['question', 'Asks a question', true],
    ['shell', 'Shell running', false],
    ['unknown', 'State unknown', false],
  ] as const)('%s is said as "%s"', (state, word, needsYou) => {
    expect(shownState(project({ state }), undefined)).toMatchObject({
      glyph: state,
      word,
      needsYou,
      since,
    });
  });

  it('tells a start from a resume', () => {
    const starting = project({ state: 'starting' });
    expect(shownState(starting, facts({})).word).toBe('Starting');
    expect(shownState(starting, facts({ resuming: true })).word).toBe('Resuming');
    expect(shownState(project(null), facts({ phase: 'opening', resuming: true })).word).toBe(
      'Resuming',
    );
  });

  it('without a terminal is ready to resume, or was never started', () => {
    expect(shownState(project(null), undefined).glyph).toBe('resumable');
    expect(shownState(project(null, { sessionId: null }), undefined).word).toBe('Not started');
  });

  it('an end that was asked for is quiet, another one is not', () => {
    const ended = (code: number | null) =>
      shownState(project(null), facts({ ended: { code, signal: null } }));
    expect(ended(0)).toMatchObject({ glyph: 'ended', word: 'Ended, code 0' });
    expect(ended(143).glyph).toBe('ended');
    expect(ended(137)).toMatchObject({ glyph: 'failed', word: 'Ended, code 137' });
    expect(ended(null)).toMatchObject({ glyph: 'failed', word: 'Ended' });
  });

  it('a failed resume and a failed start have words of their own', () => {
    expect(shownState(project(null), facts({ phase: 'cannotResume' })).word).toBe('Not resumed');
    expect(shownState(project(null), facts({ phase: 'failed' })).word).toBe('Could not start');
  });

  it('says which computer has the session, and which its transcript', () => {
    const there = { host: 'atlas\u202e', user: 'ana', at: '2026-11-20T08:00:00Z' };
    const live = project(null, { elsewhere: { ...there, live: true } });
    expect(shownState(live, undefined)).toMatchObject({
      glyph: 'elsewhere',
      word: 'Live on atlas',
      since: there.at,
      needsYou: false,
    });
    const transcript = project(null, { elsewhere: { ...there, live: false } });
    expect(shownState(transcript, undefined).word).toBe('On atlas');
    const asked = {
      phase: 'cannotResume',
      resuming: false,
      openingSince: '',
      ended: null,
    } as const;
    expect(shownState(live, asked).glyph).toBe('elsewhere');
    expect(shownState(project(null), asked).glyph).toBe('failed');
    // What lives here is shown as what it does.
    const here = project({ state: 'idle' }, { elsewhere: { ...there, live: true } });
    expect(shownState(here, undefined).glyph).toBe('idle');
  });
});

describe('progress', () => {
  it.each<[ProgressView, string]>([
    [{ state: 'normal', percent: 42 }, '42 percent done'],
    [{ state: 'normal', percent: null }, 'In progress'],
    [{ state: 'indeterminate', percent: null }, 'In progress'],
    [{ state: 'paused', percent: null }, 'Paused'],
    [{ state: 'paused', percent: 7 }, 'Paused at 7 percent'],
    [{ state: 'error', percent: null }, 'Failed'],
    [{ state: 'error', percent: 90 }, 'Failed at 90 percent'],
  ])('%j is %s', (progress, words) => {
    expect(progressWords(progress)).toBe(words);
  });

  it('of a row is Claude Code’s, else that of a shell', () => {
    const claude = { state: 'normal', percent: 1 } as const;
    const shell = { state: 'normal', percent: 2 } as const;
    const at = (progress: ProgressView | null) => ({ ...terminal({ state: 'idle' }), progress });
    expect(rowProgress({ live: at(null), shells: [] })).toBeNull();
    expect(rowProgress({ live: null, shells: [at(null), at(shell)] })).toBe(shell);
    expect(rowProgress({ live: at(claude), shells: [at(shell)] })).toBe(claude);
  });
});
