/** Bells that nobody saw: the terminals that rang while they were not in front. */
import { SvelteSet } from 'svelte/reactivity';

export class Bells {
  readonly #rung = new SvelteSet<string>();

  /** Whether a terminal of the project rang; of all of them where none is named. */
  rang(projectId: string, terminal?: string): boolean {
    if (terminal !== undefined) return this.#rung.has(key(projectId, terminal));
    return [...this.#rung].some((rung) => rung.startsWith(key(projectId, '')));
  }

  add(projectId: string, terminal: string): void {
    this.#rung.add(key(projectId, terminal));
  }

  /** Somebody looks at it now. */
  seen(projectId: string, terminal: string): void {
    this.#rung.delete(key(projectId, terminal));
  }

  /** The project is gone. */
  forget(projectId: string): void {
    for (const rung of [...this.#rung]) {
      if (rung.startsWith(key(projectId, ''))) this.#rung.delete(rung);
    }
  }
}

function key(projectId: string, terminal: string): string {
  return `${projectId} ${terminal}`;
}
