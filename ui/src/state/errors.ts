/** Failures in words: the code decides the sentence, its params fill it. */
import type { CommandError } from '../bindings';
import { isKey, tUnchecked } from '../i18n/index.svelte';
import { CommandFailed } from '../ipc';
import { plain, tilde } from './text';

export interface Explained {
  code: string;
  what: string;
  hint: string | null;
}

/** What happened and what can be done, in the person's language; the app's words otherwise. */
export function explain(error: CommandError, home: string): Explained {
  const what = `error.${error.code}`;
  const hint = `${what}.hint`;
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(error.params)) {
    params[name] = plain(shortened(value, home));
  }
  const text = isKey(what) ? tUnchecked(what, params) : '';
  // A placeholder without its value would be worse than English.
  const complete = text !== '' && !/\{\w+\}/.test(text);
  const advice = isKey(hint) ? tUnchecked(hint, params) : '';
  return {
    code: error.code,
    what: complete ? text : plain(error.message),
    hint:
      advice !== '' && !/\{\w+\}/.test(advice)
        ? advice
        : error.hint === null
          ? null
          : plain(error.hint),
  };
}

/** A path, or words with paths in them, with the home folder's sign. */
function shortened(value: string, home: string): string {
  if (value.startsWith('/')) return tilde(value, home);
  return home === '' ? value : value.replaceAll(`${home}/`, '~/');
}

/** The app's reason, from whatever was thrown. */
export function reasonOf(error: unknown): CommandError {
  if (error instanceof CommandFailed) return error.reason;
  const reason = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message: reason, hint: null, params: { reason } };
}
