/** What of a project runs: counted alike by the key that closes the window and by its question. */
import type { ProjectView } from '../bindings';

type Terminals = Pick<ProjectView, 'live' | 'shells'>;

/** Whether Claude Code runs there. */
export function claudeIsOpen(view: Terminals): boolean {
  return view.live !== null && view.live.state.state !== 'ended';
}

/** How many terminals would be ended with the project. */
export function openTerminals(view: Terminals): number {
  return view.shells.length + (claudeIsOpen(view) ? 1 : 0);
}
