/**
 * Files that a program names in its output, as links. What looks like the name of a file is asked
 * of the app, and is a link only where such a file is. All of it is untrusted text: it is looked
 * up, shown, and handed to an editor.
 */
import type { IBufferRange, ILink, ILinkProvider, Terminal } from '@xterm/xterm';

import type { FilePosition, NamedFile } from '../bindings';

/** A piece of a line that may name a file: `name`, from `start` up to `end` of the line. */
export interface Candidate {
  start: number;
  end: number;
  name: string;
  position: FilePosition | null;
}

/** What the links need of the app around them. */
export interface FileHost {
  /** Which of these names are files, in their order. */
  find: (names: string[]) => Promise<(NamedFile | null)[]>;
  open: (file: NamedFile, position: FilePosition | null) => void;
  /** The person points at a link, or leaves it. */
  hover: (file: NamedFile | null, position: FilePosition | null) => void;
}

/** The most names that one line is asked about; the app's limit. */
const MOST_CANDIDATES = 64;
const MAX_NAME_LENGTH = 1024;
/** A line that is wrapped over more rows is looked at only around the pointer. */
const ROWS_AROUND = 12;
/** For so long is known what is a file; programs make and delete them. */
const KNOWN_FOR_MS = 5_000;
const MOST_KNOWN = 512;

const PYTHON = /\bFile "([^"]+)", line (\d{1,9})/g;
const QUOTED = /(["'`])([^"'`]+)\1/g;
const WORDS = /[^\s"'`“”‘’«»<>|│…]+/g;
/** Where words hold names: `Read(a.rs)`, `--file=a.rs`, `a.rs,b.rs`, `[a.rs]`. */
const PARTS = /[^()[\]{},;=]+/g;
/** `path:line:column`, `path:line-line`, `path(line,column)`, `path#Lline`. */
const PLACE =
  /^(.+?)(?::(\d{1,9})(?::(\d{1,9}))?(?:-\d+)?(?=$|\W)|\((\d{1,9})(?:[,:]\s?(\d{1,9}))?\)|#L?(\d{1,9}))/;

/** The pieces of a line that may name files, the longer first. */
export function candidates(line: string): Candidate[] {
  const found = new Map<string, Candidate>();
  const add = (candidate: Candidate) => {
    const key = `${String(candidate.start)} ${String(candidate.end)}`;
    if (found.size < MOST_CANDIDATES && !found.has(key)) found.set(key, candidate);
  };
  for (const match of line.matchAll(PYTHON)) {
    const name = match[1] ?? '';
    const place = position(match[2]);
    if (isName(name, true)) {
      add({ start: match.index, end: match.index + match[0].length, name, position: place });
    }
  }
  for (const match of line.matchAll(QUOTED)) {
    const name = match[2] ?? '';
    const after = /^:(\d{1,9})(?::(\d{1,9}))?/.exec(line.slice(match.index + match[0].length));
    const start = match.index + 1;
    if (after && isName(name, true)) {
      const end = start + name.length + 1 + after[0].length;
      add({ start, end, name, position: position(after[1], after[2]) });
    } else addPiece(name, start, add);
  }
  for (const word of line.matchAll(WORDS)) {
    if (word[0].includes('://') && !word[0].startsWith('file://')) continue;
    addPiece(word[0], word.index, add);
    for (const part of word[0].matchAll(PARTS)) addPiece(part[0], word.index + part.index, add);
  }
  return [...found.values()].sort((a, b) => b.end - b.start - (a.end - a.start));
}

function addPiece(piece: string, at: number, add: (candidate: Candidate) => void): void {
  // What stands around a name in prose, and the sign of Claude Code's own mentions.
  const lead = /^[@*_([{]+/.exec(piece)?.[0].length ?? 0;
  const rest = piece.slice(lead);
  const start = at + lead;
  const place = PLACE.exec(rest);
  const name = place?.[1] ?? '';
  if (place && isName(name, true)) {
    add({
      start,
      end: start + place[0].length,
      name,
      position: position(place[2] ?? place[4] ?? place[6], place[3] ?? place[5]),
    });
  }
  const bare = rest.replace(/[.,:;!?)\]}*_]+$/, '');
  if (isName(bare, false)) add({ start, end: start + bare.length, name: bare, position: null });
}

/** A word alone is a name only where something else says so. */
function isName(name: string, hasPlace: boolean): boolean {
  if (name.length > MAX_NAME_LENGTH || !/[\p{L}\p{N}]/u.test(name)) return false;
  return hasPlace || name.includes('/') || /[^.]\.\w/.test(name) || /^\.\w/.test(name);
}

function position(line: string | undefined, column?: string): FilePosition | null {
  const number = Number(line);
  if (line === undefined || number < 1) return null;
  return { line: number, column: column === undefined ? null : Math.max(1, Number(column)) };
}

/** The name of a file in a link of a program (OSC 8), and the line it may give. */
export function ofLink(uri: string): { name: string; position: FilePosition | null } | null {
  if (!uri.startsWith('file://')) return null;
  const [name = '', fragment = ''] = uri.split('#');
  return { name, position: position(/^L?(\d{1,9})/.exec(fragment)?.[1]) };
}

/** What is known of names for a moment, so that a moving pointer asks nothing twice. */
export class KnownFiles {
  readonly #find: FileHost['find'];
  readonly #now: () => number;
  readonly #known = new Map<string, { file: Promise<NamedFile | null>; at: number }>();

  constructor(find: FileHost['find'], now: () => number = () => performance.now()) {
    this.#find = find;
    this.#now = now;
  }

  find(names: string[]): Promise<(NamedFile | null)[]> {
    const now = this.#now();
    const unknown = [...new Set(names)].filter((name) => {
      const known = this.#known.get(name);
      return !known || now - known.at > KNOWN_FOR_MS;
    });
    if (unknown.length > 0) {
      const asked = this.#find(unknown).catch(() => []);
      unknown.forEach((name, i) => {
        this.#known.delete(name);
        this.#known.set(name, { file: asked.then((files) => files[i] ?? null), at: now });
      });
    }
    const answer = names.map((name) => this.#known.get(name)?.file ?? null);
    for (const name of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(name);
    }
    return Promise.all(answer);
  }
}

/** Makes links of the files that a terminal's lines name. */
export class FileLinks implements ILinkProvider {
  readonly #terminal: Terminal;
  readonly #host: FileHost;
  readonly #known: KnownFiles;

  constructor(terminal: Terminal, host: FileHost) {
    this.#terminal = terminal;
    this.#host = host;
    this.#known = new KnownFiles(host.find);
    terminal.registerLinkProvider(this);
  }

  provideLinks(row: number, callback: (links: ILink[] | undefined) => void): void {
    const line = wrappedLine(this.#terminal, row - 1);
    const named = candidates(line.text);
    if (named.length === 0) {
      callback(undefined);
      return;
    }
    void this.#known.find(named.map(({ name }) => name)).then((files) => {
      const links: ILink[] = [];
      const taken: Candidate[] = [];
      named.forEach((candidate, i) => {
        const file = files[i];
        const inside = (other: Candidate) =>
          candidate.start < other.end && other.start < candidate.end;
        if (!file || taken.some(inside)) return;
        taken.push(candidate);
        links.push(this.#link(candidate, file, line.range(candidate.start, candidate.end)));
      });
      callback(links.length > 0 ? links : undefined);
    });
  }

  /** The person points at a link of a program. */
  hover(uri: string | null): void {
    this.#host.hover(null, null);
    const link = uri === null ? null : ofLink(uri);
    if (!link) return;
    void this.#known.find([link.name]).then(([file]) => {
      if (file) this.#host.hover(file, link.position);
    });
  }

  /** Opens what a link of a program leads to. */
  open(uri: string): void {
    const link = ofLink(uri);
    if (!link) return;
    void this.#known.find([link.name]).then(([file]) => {
      if (file) this.#host.open(file, link.position);
    });
  }

  #link({ name, position }: Candidate, file: NamedFile, range: IBufferRange): ILink {
    return {
      text: name,
      range,
      activate: (event) => {
        if (event.ctrlKey || event.metaKey) this.#host.open(file, position);
      },
      hover: () => this.#host.hover(file, position),
      leave: () => this.#host.hover(null, null),
    };
  }
}

/** The text of a line with the rows it is wrapped over, and where its characters are. */
export function wrappedLine(terminal: Pick<Terminal, 'buffer'>, row: number) {
  const buffer = terminal.buffer.active;
  let first = row;
  while (first > row - ROWS_AROUND && buffer.getLine(first)?.isWrapped) first -= 1;
  let text = '';
  const cells: { x: number; y: number; width: number }[] = [];
  for (let y = first; y <= row + ROWS_AROUND; y += 1) {
    const line = buffer.getLine(y);
    if (!line || (y > row && !line.isWrapped)) break;
    const continues = buffer.getLine(y + 1)?.isWrapped ?? false;
    for (let x = 0; x < line.length; x += 1) {
      const cell = line.getCell(x);
      const width = cell?.getWidth() ?? 0;
      if (!cell || width === 0) continue;
      // A wide character that did not fit left its place empty.
      const isGap = cell.getChars() === '' && continues && x === line.length - 1;
      if (
        isGap &&
        buffer
          .getLine(y + 1)
          ?.getCell(0)
          ?.getWidth() === 2
      )
        continue;
      const chars = cell.getChars() || ' ';
      for (let i = 0; i < chars.length; i += 1) cells.push({ x, y, width });
      text += chars;
    }
  }
  return {
    text,
    /** The cells of the characters from `start` up to `end`, as xterm.js counts them. */
    range(start: number, end: number): IBufferRange {
      const from = cells[start] ?? { x: 0, y: row, width: 1 };
      const to = cells[end - 1] ?? from;
      return {
        start: { x: from.x + 1, y: from.y + 1 },
        end: { x: to.x + to.width, y: to.y + 1 },
      };
    },
  };
}
