import { describe, expect, it } from 'vitest';

import type { ProjectView } from '../bindings';
import { filtered } from './search';

const view = (name: string, workspacePath: string) => ({ name, workspacePath }) as ProjectView;

const projects = [
  view('ledger-api', '/home/ana/work/ledger-api'),
  view('Conciliação', '/home/ana/work/bank'),
  view('legacy-billing', '/srv/clients/north'),
];

const names = (typed: string) => filtered(projects, typed).map(({ name }) => name);

describe('the filter of the sidebar', () => {
  it('leaves the list as it is while nothing is typed', () => {
    expect(filtered(projects, '  ')).toBe(projects);
  });

  it('looks at names and folders, without case and accents', () => {
    expect(names('LE')).toEqual(['ledger-api', 'legacy-billing']);
    expect(names('conciliacao')).toEqual(['Conciliação']);
    expect(names('work')).toEqual(['ledger-api', 'Conciliação']);
  });

  it('wants every word, each wherever it is', () => {
    expect(names('api ana')).toEqual(['ledger-api']);
    expect(names('north legacy')).toEqual(['legacy-billing']);
    expect(names('north api')).toEqual([]);
  });
});
