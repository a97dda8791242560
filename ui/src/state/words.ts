/** What a project shows of its session: glyph, word, time. */
import type { OnMachine, ProgressView, ProjectView, TerminalState } from '../bindings';
import { type Key, t } from '../i18n/index.svelte';
import { plain } from './text';

export type GlyphName =
  | 'starting'
  | 'idle'
  | 'working'
  | 'permission'
  | 'question'
  | 'shell'
  | 'ended'
  | 'resumable'
  | 'elsewhere'
  | 'failed'
  | 'unknown';

/** What the window itself knows about a project's session. */
export interface SessionFacts {
  phase: 'closed' | 'opening' | 'open' | 'cannotResume' | 'failed' | 'notNow';
  resuming: boolean;
  openingSince: string;
  /** How the session that was shown in this window ended. */
  ended: { code: number | null; signal: number | null } | null;
}

export interface ShownState {
  glyph: GlyphName;
  word: string;
  /** The word with the time in it, for names and lists; null when the state has no duration. */
  longKey: Key | null;
  since: string | null;
  needsYou: boolean;
  off: boolean;
  /** It finished while nobody looked. */
  done: boolean;
}

const LONG: Partial<Record<TerminalState['state'], Key>> = {
  starting: 'for.starting',
  idle: 'for.idle',
  working: 'for.working',
  permission: 'for.permission',
  question: 'for.question',
  shell: 'for.shell',
  unknown: 'for.unknown',
};

function shown(glyph: GlyphName, word: string, rest: Partial<ShownState> = {}): ShownState {
  return {
    glyph,
    word,
    longKey: null,
    since: null,
    needsYou: false,
    off: false,
    done: false,
    ...rest,
  };
}

/** An end that somebody asked for: by itself, or by SIGHUP, SIGINT or SIGTERM. */
const QUIET_ENDS = [0, 129, 130, 143];

/** How an end is shown: quietly, or as the failure it was. */
export function isQuiet(end: { code: number | null }): boolean {
  return end.code !== null && QUIET_ENDS.includes(end.code);
}

function ofEnd(end: { code: number | null }, since: string | null): ShownState {
  if (end.code === null) return shown('failed', t('state.endedPlain'), { since });
  return shown(isQuiet(end) ? 'ended' : 'failed', t('state.ended', { code: end.code }), {
    since,
  });
}

function ofElsewhere({ host, live, at }: OnMachine): ShownState {
  const where = { host: plain(host, 40) };
  const word = live ? t('state.liveOn', where) : t('state.onMachine', where);
  return shown('elsewhere', word, { since: at, off: true });
}

/** The state of a project, from its terminal and from what the window knows. */
export function shownState(
  view: ProjectView,
  session: SessionFacts | undefined,
  finished = false,
): ShownState {
  if (session?.phase === 'opening') {
    const key = session.resuming ? 'resuming' : 'starting';
    return shown('starting', t(`state.${key}`), {
      longKey: `for.${key}`,
      since: session.openingSince,
    });
  }
  // That another computer has it is no failure.
  if (session?.phase === 'cannotResume' && view.elsewhere && !view.live) {
    return ofElsewhere(view.elsewhere);
  }
  if (session?.phase === 'cannotResume') {
    return shown('failed', t('state.notResumed'), { since: session.openingSince });
  }
  if (session?.phase === 'failed') {
    return shown('failed', t('state.notStarted'), { since: session.openingSince });
  }
  if (view.live && !(session?.phase === 'open' && session.ended)) {
    const { state } = view.live;
    const { since } = view.live;
    if (state.state === 'ended') return ofEnd(state, since);
    if (view.live.run && state.state === 'working') {
      return shown('working', t('state.unattended'), { since, longKey: 'for.unattended' });
    }
    if (finished && state.state === 'idle') {
      return shown('idle', t('state.done'), { since, longKey: 'for.done', done: true });
    }
    const resuming = state.state === 'starting' && session?.resuming === true;
    const word: Key = resuming ? 'state.resuming' : `state.${state.state}`;
    return shown(state.state, t(word), {
      since,
      longKey: resuming ? 'for.resuming' : (LONG[state.state] ?? null),
      needsYou: state.state === 'permission' || state.state === 'question',
    });
  }
  if (view.elsewhere?.live) return ofElsewhere(view.elsewhere);
  if (session?.ended) return ofEnd(session.ended, view.lastEnd?.at ?? null);
  if (view.elsewhere) return ofElsewhere(view.elsewhere);
  if (view.sessionId !== null || view.invalidSessionId !== null) {
    return shown('resumable', t('state.resumable'), {
      since: view.lastUsedAt ?? view.lastEnd?.at ?? null,
      off: true,
    });
  }
  return shown('ended', t('state.fresh'), { off: true });
}

/** What a program says of its progress. */
export function progressWords({ state, percent }: ProgressView): string {
  if (state === 'indeterminate' || (state === 'normal' && percent === null)) {
    return t('progress.indeterminate');
  }
  if (percent === null) return t(state === 'paused' ? 'progress.paused' : 'progress.error');
  if (state === 'normal') return t('progress.normal', { percent });
  return t(state === 'paused' ? 'progress.pausedAt' : 'progress.errorAt', { percent });
}

/** The progress of a project's row: Claude Code's, else the first shell's that has any. */
export function rowProgress(view: Pick<ProjectView, 'live' | 'shells'>): ProgressView | null {
  const all = [view.live, ...view.shells];
  return all.find((terminal) => terminal?.progress)?.progress ?? null;
}
