/** What an unattended session may do without asking: the CLI's permission modes in words. */
import { isKey, t, tUnchecked } from '../i18n/index.svelte';
import { plain } from './text';

/** Offered, the most careful first. */
export const MODES = ['plan', 'manual', 'acceptEdits', 'auto', 'bypassPermissions'] as const;
export type Mode = (typeof MODES)[number];

/** The mode's name; the CLI's own word for one that is not known here. */
export function modeWord(mode: string): string {
  const key = `mode.${mode === 'default' ? 'manual' : mode}`;
  return isKey(key) ? tUnchecked(key, {}) : plain(mode, 40);
}

export function modeChoices(): { id: Mode; title: string; text: string }[] {
  return MODES.map((id) => ({ id, title: t(`mode.${id}`), text: t(`mode.${id}.what`) }));
}
