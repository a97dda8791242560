/**
 * What the program has asked the keyboard for, read from the stream beside xterm.js, which knows
 * nothing of it. The rules are the host's, which answers the program's question for the flags:
 * `src-tauri/core/src/session/screen/set.rs`.
 */
import type { IDisposable, Terminal } from '@xterm/xterm';

/** How deep the stack of flags goes; the host's number. */
const STACK_LIMIT = 10;
const ALL_FLAGS = 0x1f;

export class KeyboardModes implements IDisposable {
  readonly #terminal: Pick<Terminal, 'parser' | 'buffer'>;
  readonly #handlers: IDisposable[];
  /** The flags of each screen, the last of them in use. */
  #stacks: Record<'normal' | 'alternate', number[]> = { normal: [], alternate: [] };
  #otherKeys = 0;

  constructor(terminal: Pick<Terminal, 'parser' | 'buffer'>) {
    this.#terminal = terminal;
    const parser = terminal.parser;
    const number = (params: (number | number[])[], at: number) => {
      const value = params[at];
      return typeof value === 'number' ? value : 0;
    };
    this.#handlers = [
      parser.registerCsiHandler({ prefix: '>', final: 'u' }, (params) => {
        const stack = this.#stack;
        if (stack.length === STACK_LIMIT) stack.shift();
        stack.push(number(params, 0) & ALL_FLAGS);
        return true;
      }),
      parser.registerCsiHandler({ prefix: '<', final: 'u' }, (params) => {
        const stack = this.#stack;
        stack.length = Math.max(0, stack.length - Math.max(1, number(params, 0)));
        return true;
      }),
      parser.registerCsiHandler({ prefix: '=', final: 'u' }, (params) => {
        const stack = this.#stack;
        const flags = number(params, 0) & ALL_FLAGS;
        const before = stack.pop() ?? 0;
        const how = number(params, 1);
        stack.push(how === 2 ? before | flags : how === 3 ? before & ~flags : flags);
        return true;
      }),
      parser.registerCsiHandler({ prefix: '>', final: 'm' }, (params) => {
        if (number(params, 0) === 4) this.#otherKeys = Math.min(2, number(params, 1));
        else if (params.length === 1 && params[0] === 0) this.#otherKeys = 0;
        return true;
      }),
      parser.registerCsiHandler({ prefix: '>', final: 'n' }, (params) => {
        if (number(params, 0) === 4) this.#otherKeys = 0;
        return true;
      }),
      parser.registerEscHandler({ final: 'c' }, () => {
        this.#stacks = { normal: [], alternate: [] };
        this.#otherKeys = 0;
        return false;
      }),
    ];
  }

  /** The flags of the kitty keyboard protocol. */
  get flags(): number {
    return this.#stack.at(-1) ?? 0;
  }

  /** The level of modifyOtherKeys. */
  get otherKeys(): number {
    return this.#otherKeys;
  }

  get #stack(): number[] {
    return this.#stacks[this.#terminal.buffer.active.type];
  }

  dispose(): void {
    for (const handler of this.#handlers) handler.dispose();
  }
}
