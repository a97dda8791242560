import { expect, test } from 'vitest';

import type { CommandError, StoreView } from '../bindings';
import { conflictKey, isBack, storeWords, troubleKey, waitsForStore } from './store';

const why: CommandError = {
  code: 'loginRefused',
  message: '',
  hint: null,
  params: {},
};

function team(link: StoreView['link']): StoreView {
  return {
    kind: 'team',
    server: 'h:1',
    database: 'team',
    user: 'ana',
    fromVariable: false,
    connection: 'mongodb://ana@h:1/team',
    link,
    asOf: null,
    waiting: [],
    conflicts: [],
    password: 'keyring',
  };
}

const lost = team({ state: 'lost', since: '2026-11-21T14:02:00Z', why });

test('what lasts stays in sight, and is red only where somebody has to do something', () => {
  expect(storeWords(team({ state: 'connected' }))).toMatchObject({ lasting: false, bad: false });
  expect(storeWords(team({ state: 'connecting' }))).toMatchObject({ lasting: false, bad: false });
  expect(storeWords(lost)).toMatchObject({ lasting: true, bad: false });
  const refused = storeWords(team({ state: 'refused', why }));
  expect(refused).toMatchObject({ lasting: true, bad: true, text: 'MongoDB: login refused' });
});

test('an outage is said once, the next one again', () => {
  expect(troubleKey(team({ state: 'connected' }))).toBeNull();
  const later = team({ state: 'lost', since: '2026-11-21T15:00:00Z', why });
  expect(troubleKey(lost)).toBe(troubleKey({ ...lost, asOf: '2026-11-21T14:01:00Z' }));
  expect(troubleKey(lost)).not.toBe(troubleKey(later));
});

test('the return is said, and nothing else', () => {
  const back = team({ state: 'connected' });
  expect(isBack(lost, back)).toBe(true);
  expect(isBack(back, back)).toBe(false);
  expect(isBack(null, back)).toBe(false);
});

test('a session id that waits marks its project, a status does not', () => {
  const since = '2026-11-21T14:03:00Z';
  const waiting: StoreView['waiting'] = [
    { projectId: 'a', what: { kind: 'sessionId', new: 'x' }, since },
    { projectId: 'b', what: { kind: 'projectStatus' }, since },
  ];
  expect(waitsForStore({ ...lost, waiting }, 'a')).toBe(true);
  expect(waitsForStore({ ...lost, waiting }, 'b')).toBe(false);
  expect(waitsForStore(null, 'a')).toBe(false);
});

test('a conflict whose values changed is said again', () => {
  const conflict = (theirs: string): StoreView => ({
    ...lost,
    conflicts: [{ projectId: 'a', what: { kind: 'sessionId', ours: 'x', theirs }, since: '' }],
  });
  expect(conflictKey(lost)).toBeNull();
  expect(conflictKey(conflict('y'))).not.toBe(conflictKey(conflict('z')));
});
