import { Terminal } from '@xterm/headless';
import type { ILink, Terminal as BrowserTerminal } from '@xterm/xterm';
import { describe, expect, it } from 'vitest';

import type { FilePosition, NamedFile } from '../bindings';
import { candidates, FileLinks, KnownFiles, ofLink } from './file-links';
import { prepareViewer } from './xterm-options';

const file = (path: string): NamedFile => ({ path: `/w/${path}`, within: path, isFolder: false });

/** What a line names when these files are there: `name:line:column`, with the linked text. */
async function named(line: string, files: string[], cols = 200): Promise<string[]> {
  const terminal = new Terminal({ allowProposedApi: true, cols, rows: 10 });
  prepareViewer(terminal as unknown as BrowserTerminal);
  Object.assign(terminal, { registerLinkProvider: () => undefined });
  const opened: string[] = [];
  const say = (at: FilePosition | null) =>
    at === null ? '' : `:${String(at.line)}${at.column === null ? '' : `:${String(at.column)}`}`;
  const links = new FileLinks(terminal as unknown as BrowserTerminal, {
    find: (names) =>
      Promise.resolve(names.map((name) => (files.includes(name) ? file(name) : null))),
    open: (found, at) => opened.push(`${found.within ?? ''}${say(at)}`),
    hover: () => undefined,
  });
  await new Promise<void>((done) => terminal.write(line, done));
  const found = await new Promise<ILink[] | undefined>((done) => links.provideLinks(1, done));
  for (const link of found ?? []) {
    const { start, end } = link.range;
    link.activate({ ctrlKey: true } as MouseEvent, link.text);
    opened.push(`${String(start.x)},${String(start.y)}-${String(end.x)},${String(end.y)}`);
  }
  return opened;
}

describe('a name in a line', () => {
  it.each([
    ['see src/a.rs for it', 'src/a.rs', '5,1-12,1'],
    ['src/a.rs:12:5: error', 'src/a.rs:12:5', '1,1-13,1'],
    ['  --> src/a.rs:1:2', 'src/a.rs:1:2', '7,1-18,1'],
    ['  File "src/a.rs", line 9, in main', 'src/a.rs:9', '3,1-25,1'],
    ['src/a.rs(12,5): error TS1', 'src/a.rs:12:5', '1,1-14,1'],
    ['src/a.rs(12): warning', 'src/a.rs:12', '1,1-12,1'],
    ['src/a.rs:7:let a = 1;', 'src/a.rs:7', '1,1-10,1'],
    ['src/a.rs:7-9', 'src/a.rs:7', '1,1-12,1'],
    ['src/a.rs#L40', 'src/a.rs:40', '1,1-12,1'],
    ['    at run (src/a.rs:3:1)', 'src/a.rs:3:1', '13,1-24,1'],
    ['● Read(src/a.rs)', 'src/a.rs', '8,1-15,1'],
    ['● Update(src/a.rs).', 'src/a.rs', '10,1-17,1'],
    ['@src/a.rs, and', 'src/a.rs', '2,1-9,1'],
    ['--file=src/a.rs', 'src/a.rs', '8,1-15,1'],
    ['“src/a.rs”', 'src/a.rs', '2,1-9,1'],
    ['in `src/a.rs`', 'src/a.rs', '5,1-12,1'],
    ['日本 src/a.rs:2', 'src/a.rs:2', '6,1-15,1'],
    ['Edit src/a.rs.', 'src/a.rs', '6,1-13,1'],
    ['│ src/a.rs │', 'src/a.rs', '3,1-10,1'],
  ])('%s', async (line, opens, where) => {
    expect(await named(line, ['src/a.rs'])).toEqual([opens, where]);
  });

  it('may have brackets and, quoted, spaces in it', async () => {
    expect(await named('app/(group)/[id]/page.tsx:3', ['app/(group)/[id]/page.tsx'])).toEqual([
      'app/(group)/[id]/page.tsx:3',
      '1,1-27,1',
    ]);
    expect(await named("cannot open 'a b.txt':4", ['a b.txt'])).toEqual(['a b.txt:4', '14,1-23,1']);
  });

  it('may be a word alone where a line follows', async () => {
    expect(await named('Makefile:3: *** stop', ['Makefile'])).toEqual(['Makefile:3', '1,1-10,1']);
    expect(await named('the Makefile', ['Makefile'])).toEqual([]);
  });

  it('is found over the rows that it is wrapped to', async () => {
    const line = `${'x'.repeat(15)} src/a.rs:12`;
    expect(await named(line, ['src/a.rs'], 20)).toEqual(['src/a.rs:12', '17,1-7,2']);
    const wide = `${'x'.repeat(15)} src/本.rs`;
    expect(await named(wide, ['src/本.rs'], 21)).toEqual(['src/本.rs', '17,1-5,2']);
  });

  it('is several in a line, and none in an address of the web', async () => {
    expect(await named('a.rs b.rs', ['a.rs', 'b.rs'])).toEqual([
      'a.rs',
      '1,1-4,1',
      'b.rs',
      '6,1-9,1',
    ]);
    expect(await named('https://e.org/src/a.rs:1', ['src/a.rs', '//e.org/src/a.rs'])).toEqual([]);
  });
});

it('a line of anything is bounded', () => {
  const names = candidates('a/b '.repeat(10_000));
  expect(names.length).toBe(64);
  expect(candidates('/'.repeat(100_000))).toEqual([]);
  expect(candidates(`${'(a/'.repeat(30_000)}:1`).length).toBeLessThanOrEqual(64);
});

it('a link of a program names a file and perhaps a line', () => {
  expect(ofLink('file://loom/w/a%20b.rs#L12')).toEqual({
    name: 'file://loom/w/a%20b.rs',
    position: { line: 12, column: null },
  });
  expect(ofLink('file:///w/a')).toEqual({ name: 'file:///w/a', position: null });
  expect(ofLink('ssh://host/w/a')).toBeNull();
});

it('a name is asked for once, and again after a while', async () => {
  let now = 0;
  const asked: string[][] = [];
  const known = new KnownFiles(
    (names) => {
      asked.push(names);
      return Promise.resolve(names.map((name) => (name === 'a' ? file(name) : null)));
    },
    () => now,
  );
  expect(await known.find(['a', 'b', 'a'])).toEqual([file('a'), null, file('a')]);
  expect(await known.find(['b', 'c'])).toEqual([null, null]);
  now = 6_000;
  await known.find(['a']);
  expect(asked).toEqual([['a', 'b'], ['c'], ['a']]);
});
