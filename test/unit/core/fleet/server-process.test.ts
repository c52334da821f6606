import { describe, expect, it } from 'vitest';
import {
  afterAnswer,
  allVanished,
  initialServerProcess,
  type ServerAnswer,
  type ServerProcess,
  type ServerReport,
  withLostConnection,
} from '../../../../electron/core/fleet/server-process.ts';
import { aModel } from '../../../fakes/inference-server.ts';

const report = (changes: Partial<ServerReport> = {}): ServerReport => ({
  bootId: 'boot-1',
  startedAt: 1_000_000,
  restarts: 0,
  ...changes,
});
const answer = (changes: Partial<ServerAnswer> = {}): ServerAnswer => ({
  now: 0,
  report: report(),
  version: '0.33.0',
  modelsVanished: false,
  ...changes,
});
const known = (changes: Partial<ServerProcess> = {}): ServerProcess => ({
  ...initialServerProcess,
  report: report(),
  version: '0.33.0',
  ...changes,
});

describe('the process of a server', () => {
  it.each<[string, Partial<ServerProcess>, Partial<ServerAnswer>, string]>([
    ['is the same while its agent says so', {}, {}, 'same'],
    ['is unknown without an agent', { report: null }, { report: null }, 'unknown'],
    ['is unknown at the first report', { report: null }, {}, 'unknown'],
    ['is unknown while the agent is silent', {}, { report: null }, 'unknown'],
    ['is new after another boot', {}, { report: report({ bootId: 'boot-2' }) }, 'new'],
    ['is new when its agent counted a restart', {}, { report: report({ restarts: 1 }) }, 'new'],
    ['is new when it started later', {}, { report: report({ startedAt: 1_060_000 }) }, 'new'],
    ['is not new when clocks differ a little', {}, { report: report({ startedAt: 1_001_500 }) }, 'unknown'],
    ['is unknown when the agent itself was restarted', { report: report({ restarts: 3 }) }, {}, 'unknown'],
    ['is unknown when its start becomes known', { report: report({ startedAt: null }) }, {}, 'unknown'],
    [
      'is unknown where nothing identifies it',
      { report: report({ startedAt: null, restarts: null }) },
      { report: report({ startedAt: null, restarts: null }) },
      'unknown',
    ],
    ['is new with another version', {}, { version: '0.34.0' }, 'new'],
    ['is not new when its version is read', { version: null, report: null }, { report: null }, 'unknown'],
    [
      'is new after a refused connection',
      { report: null, lostConnection: 'refused' },
      { report: null },
      'new',
    ],
    [
      'is not new after a broken connection alone',
      { report: null, lostConnection: 'broken' },
      { report: null },
      'unknown',
    ],
    ['is not new without models alone', { report: null }, { report: null, modelsVanished: true }, 'unknown'],
    [
      'is new after both',
      { report: null, lostConnection: 'broken' },
      { report: null, modelsVanished: true },
      'new',
    ],
  ])('%s', (_, before, seen, change) => {
    expect(afterAnswer(known(before), answer(seen)).change).toBe(change);
  });

  it('a restart is noticed once, although its agent reports it later', () => {
    const refused = afterAnswer(withLostConnection(known(), 'refused'), answer());
    expect(refused).toMatchObject({ change: 'new', trusted: false, process: { lostConnection: null } });
    const between = afterAnswer(refused.process, answer({ now: 1000 }));
    expect(between).toMatchObject({ change: 'same', trusted: false });
    const reported = afterAnswer(between.process, answer({ now: 2000, report: report({ restarts: 1 }) }));
    expect(reported).toMatchObject({ change: 'same', trusted: true });
    const next = afterAnswer(reported.process, answer({ now: 3000, report: report({ restarts: 2 }) }));
    expect(next).toMatchObject({ change: 'new', trusted: true });
  });

  it('trusts an agent again that does not count restarts once it has read its facts again', () => {
    const old = report({ startedAt: null, restarts: null });
    const refused = afterAnswer(
      withLostConnection(known({ report: old }), 'refused'),
      answer({ report: old }),
    );
    expect(afterAnswer(refused.process, answer({ now: 60_000, report: old })).trusted).toBe(false);
    expect(afterAnswer(refused.process, answer({ now: 66_000, report: old })).trusted).toBe(true);
  });

  it('remembers the worst of several lost connections', () => {
    const refused = withLostConnection(withLostConnection(known(), 'broken'), 'refused');
    expect(withLostConnection(refused, 'broken').lostConnection).toBe('refused');
  });
});

describe('models that vanished', () => {
  const now = 5000;
  const vanished = (changes: Parameters<typeof aModel>[0], unloaded: string[] = []) =>
    allVanished([aModel(changes), aModel({ name: 'b' })], [], { now, unloaded: new Set(unloaded) });
  it.each<[string, boolean, boolean]>([
    ['all at once', vanished({}), true],
    ['before their time', vanished({ expiresAt: now + 1 }), true],
    ['one expired', vanished({ expiresAt: now - 1 }), false],
    ['one was unloaded from here', vanished({}, ['b']), false],
    [
      'one is still there',
      allVanished([aModel(), aModel({ name: 'b' })], [aModel()], { now, unloaded: new Set() }),
      false,
    ],
    ['there were none', allVanished([], [], { now, unloaded: new Set() }), false],
  ])('%s', (_, is, expected) => {
    expect(is).toBe(expected);
  });
});
