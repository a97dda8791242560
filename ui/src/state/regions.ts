/** F6: the regions of the window in the order of the focus. */
const REGIONS = ['projects', 'terminal', 'cues', 'milestones', 'status'];

/** Gives a region itself the focus, so that the keys inside it work. */
export function focusRegion(name: string): void {
  document.querySelector<HTMLElement>(`[data-region="${name}"]`)?.focus();
}

/** Moves the focus to the next region that can have it; `terminal` gives it to the terminal. */
export function moveRegion(step: number, terminal: () => void): void {
  const regions = REGIONS.map((name) =>
    document.querySelector<HTMLElement>(`[data-region="${name}"]`),
  ).filter((element) => element !== null);
  const at = regions.findIndex((element) => element.contains(document.activeElement));
  for (let tried = 1; tried <= regions.length; tried += 1) {
    const next = regions[(at + step * tried + regions.length * 2) % regions.length];
    if (!next) return;
    if (next.dataset['region'] === 'terminal') {
      terminal();
      return;
    }
    const inside =
      next.querySelector<HTMLElement>('[data-entry]') ??
      next.querySelector<HTMLElement>('button, [tabindex="0"], input');
    if (inside) {
      inside.focus();
      return;
    }
  }
}
