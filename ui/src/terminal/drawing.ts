/**
 * Holds the drawing of a terminal while a snapshot is parsed, so that it is seen whole. The
 * means is xterm.js's own for synchronized updates, without a sequence in the stream: a snapshot
 * may end inside one.
 */
import type { Terminal } from '@xterm/xterm';

/** The parts of xterm.js that have no public name. */
interface Core {
  coreService: { decPrivateModes: { synchronizedOutput: boolean } };
}

/** The mode of synchronized updates. */
const UPDATES = 2026;

export class Drawing {
  readonly #terminal: Terminal;
  /** While it is held: whether the program has an update open. */
  #updateIsOpen: boolean | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.parser.registerCsiHandler({ prefix: '?', final: 'h' }, (params) => {
      if (this.#updateIsOpen !== null && params.includes(UPDATES)) this.#updateIsOpen = true;
      return false;
    });
  }

  /** To be called after a reset, which ends every update. */
  hold(): void {
    this.#updateIsOpen = false;
    this.#modes().synchronizedOutput = true;
  }

  /** Draws, unless the program itself has an update open. */
  release(): void {
    if (this.#updateIsOpen === null) return;
    this.#modes().synchronizedOutput = this.#updateIsOpen;
    this.#updateIsOpen = null;
    this.#terminal.refresh(0, this.#terminal.rows - 1);
  }

  #modes(): Core['coreService']['decPrivateModes'] {
    return (this.#terminal as unknown as { _core: Core })._core.coreService.decPrivateModes;
  }
}
