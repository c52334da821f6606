import { describe, expect, it } from 'vitest';
import {
  cannotWake,
  describeMethod,
  programName,
  triedMethods,
} from '../../../../electron/core/wake/wake-methods.ts';
import { nextMethodAfterMs, repeatAtMs } from '../../../../electron/core/wake/wake-plan.ts';
import { errorCatalogue } from '../../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import type { WakeWay } from '../../../../shared/models/power.ts';
import { textOf } from '../../../../shared/text/index.ts';

const direct: WakeWay = { kind: 'direct' };
const agent: WakeWay = { kind: 'agent', nodeId: 'nas' };
const relay: WakeWay = { kind: 'relay', url: 'http://192.168.1.2:9753' };
const command: WakeWay = { kind: 'command', command: ['/usr/local/bin/wake-it', '--now'] };

const node = (changes: Partial<NodeRecord>) => ({
  kind: 'remote' as const,
  url: 'http://192.168.1.20:11434',
  mac: '00:00:5E:00:53:01',
  wakeDestinations: [],
  wakeWays: [direct],
  ...changes,
});

describe('why a node cannot be woken', () => {
  it('says how to fix it', () => {
    const none = () => false;
    expect(cannotWake('n', node({ mac: null }), none)).toMatchObject({
      next: errorCatalogue.CANNOT_WAKE.next,
    });
    expect(cannotWake('n', node({ url: 'http://127.0.0.1:1' }), none)).toMatchObject({
      next: textOf(fact('NO_WAKE_DESTINATION')),
      details: { nodeId: 'n' },
    });
    expect(cannotWake('n', node({ wakeWays: [agent] }), none).next).toBe(
      textOf(fact('NO_AGENT_TO_WAKE_WITH')),
    );
  });

  it('gives the general fix where one method alone is not to blame', () => {
    const none = () => false;
    const general = { code: 'CANNOT_WAKE', next: errorCatalogue.CANNOT_WAKE.next };
    expect(cannotWake('n', node({ wakeWays: [agent, direct] }), none)).toMatchObject(general);
    expect(cannotWake('n', node({ wakeWays: [] }), none)).toMatchObject(general);
    expect(cannotWake('n', null, none)).toMatchObject(general);
  });
});

describe('what is known of methods', () => {
  it('names each', () => {
    const nameOf = (id: string) => (id === 'nas' ? 'NAS' : null);
    expect([direct, agent, relay, command].map((way) => describeMethod(way, nameOf))).toEqual([
      { code: 'WAKE_BY_PACKETS', params: {} },
      { code: 'WAKE_BY_AGENT', params: { node: 'NAS' } },
      { code: 'WAKE_BY_RELAY', params: { host: '192.168.1.2:9753' } },
      { code: 'WAKE_BY_COMMAND', params: { program: 'wake-it' } },
    ]);
    expect(programName([])).toBe('');
    expect(programName(['C:\\Tools\\wake.exe', '/x'])).toBe('wake.exe');
    expect(describeMethod({ kind: 'agent', nodeId: 'gone' }, nameOf)).toEqual({
      code: 'WAKE_BY_AGENT',
      params: { node: null },
    });
  });

  it('keeps what was tried, and why it was not enough', () => {
    expect(triedMethods([])).toBeNull();
    const relayed = fact('WAKE_BY_RELAY', { host: 'nas:9753' });
    const failed = fact('NOTHING_ANSWERED', { ms: 20_000 });
    expect(triedMethods([{ way: relayed, failed }])).toEqual({
      code: 'WAKE_TRIED',
      params: { methods: [{ method: relayed, failed }] },
    });
  });
});

describe('when ways are gone', () => {
  it('packets again and again, a relay seldom, a command once', () => {
    expect([0, 1, 2, 3].map((index) => repeatAtMs('direct', index))).toEqual([0, 100, 400, 3400]);
    expect([0, 1, 2, 3].map((index) => repeatAtMs('relay', index))).toEqual([0, 1000, 6000, 11_000]);
    expect([0, 1, 2, 3].map((index) => repeatAtMs('agent', index))).toEqual([0, 1000, 6000, 11_000]);
    expect([0, 1].map((index) => repeatAtMs('command', index))).toEqual([0, null]);
  });

  it.each([
    [null, 180_000, 2, 20_000],
    [40_000, 180_000, 2, 50_000],
    [2000, 60_000, 2, 10_000],
    [300_000, 900_000, 2, 60_000],
    // Every way has its turn.
    [null, 20_000, 4, 5000],
  ])(
    'usually %s ms, given up after %i ms, %i ways: the next one after %i ms',
    (usual, limit, ways, wanted) => {
      expect(nextMethodAfterMs(usual, limit, ways)).toBe(wanted);
    },
  );
});
