/** What a session asks for, in one sentence; its input stands below as text. */
import type { AskView } from '../bindings';
import { t } from '../i18n/index.svelte';
import { plain } from './text';

const WRITES = ['Edit', 'Write', 'MultiEdit', 'NotebookEdit'];
const READS = ['Read', 'Glob', 'Grep', 'LS'];
const WEB = ['WebFetch', 'WebSearch'];

export function askWords(what: 'permission' | 'question', ask: AskView): string {
  if (what === 'question' || ask.tool === 'AskUserQuestion') {
    return ask.input === '' ? t('cue.questionWhat') : t('ask.question');
  }
  if (ask.tool === 'Bash') return t('ask.bash');
  if (ask.tool === 'ExitPlanMode') return t('ask.plan');
  if (WRITES.includes(ask.tool)) return t('ask.write');
  if (READS.includes(ask.tool)) return t('ask.read');
  if (WEB.includes(ask.tool)) return t('ask.web');
  return t('ask.tool', { tool: plain(ask.tool, 60) });
}
