import { beforeAll, describe, expect, it } from 'vitest';
import {
  allOfFleet,
  fleetHash,
  fleetSorts,
  nodeGroups,
  readFleet,
} from '../../../../renderer/features/fleet/fleet-address.ts';
import {
  countGroups,
  gpuNow,
  groupOf,
  matchNodes,
  sortNodes,
} from '../../../../renderer/features/fleet/fleet-rows.ts';
import { noteOf } from '../../../../renderer/features/fleet/row-note.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import { plainText } from '../../../../shared/models/message.ts';
import type { NodePower } from '../../../../shared/models/power.ts';
import { gpu, model, node, sample } from '../../../e2e/support/scenes.ts';

beforeAll(async () => {
  await loadTexts();
});

const error = { code: 'WAKE_TIMEOUT', message: 'It did not come up.', next: 'Try again.' };

describe('the address of the Fleet page', () => {
  it('has its filters and its order', () => {
    for (const group of [null, ...nodeGroups])
      for (const sort of fleetSorts)
        for (const text of ['', 'a & b=c'])
          expect(readFleet(fleetHash({ group, sort, text }))).toEqual({ group, sort, text });
    expect(fleetHash(allOfFleet)).toBe('#/fleet');
  });

  it.each(['#/fleet?state=asleep&sort=colour', '#/models?state=off', '', '#/fleet?state=constructor'])(
    '%j has none',
    (hash) => {
      expect(readFleet(hash)).toEqual(allOfFleet);
    },
  );
});

describe('a machine in a list', () => {
  it.each([
    [node('a', 'gpu-verified'), 'awake'],
    [node('a', 'waking'), 'awake'],
    [node('a', 'off'), 'off'],
    [node('a', 'unknown'), 'off'],
    [node('a', 'trouble', { trouble: error }), 'trouble'],
    [node('a', 'off', { lastWakeError: error }), 'trouble'],
    [node('a', 'off', { kind: 'this-computer' }), 'awake'],
    [
      node('a', 'serving', {
        wedged: { since: 1, model: 'm', reason: plainText('stuck'), next: plainText('Restart it.') },
      }),
      'trouble',
    ],
  ] as const)('%# is in one group', (one, group) => {
    expect(groupOf(one)).toBe(group);
    const counts = countGroups([one]);
    expect([counts[group], counts.awake + counts.off + counts.trouble]).toEqual([1, 1]);
  });

  it('is found by its name, its address or a model on it, each word of several', () => {
    const nodes = [
      node('Rack-1', 'serving', { loaded: [model('llama3.1:8b')] }),
      node('rack-2', 'off'),
      node('nas', 'serving', { url: 'http://127.0.0.9:11434' }),
    ];
    const found = (text: string, group: 'awake' | null = null) =>
      matchNodes(nodes, { text, group }).map(({ name }) => name);
    expect(found('RACK')).toEqual(['Rack-1', 'rack-2']);
    expect(found('rack llama')).toEqual(['Rack-1']);
    expect(found('127.0.0.9')).toEqual(['nas']);
    expect(found('rack', 'awake')).toEqual(['Rack-1']);
    expect(found('nothing like it')).toEqual([]);
    expect(matchNodes(nodes, { text: ' ', group: null })).toBe(nodes);
  });

  it('is ordered by what its GPUs do now, and last if nothing is known', () => {
    const nodes = [
      node('rack-10', 'serving'),
      node('rack-9', 'serving'),
      node('dark', 'off'),
      node('blind', 'serving'),
    ];
    const samples = Object.fromEntries([
      sample('rack-10', [gpu({ utilisationPercent: 5, powerWatts: 100, vramUsedBytes: 3 })]),
      sample('rack-9', [
        gpu({ utilisationPercent: 90, powerWatts: 60, vramUsedBytes: 1 }),
        gpu({ id: '1', utilisationPercent: 1, powerWatts: 20, vramUsedBytes: 1 }),
      ]),
      // It was measured before it went off.
      sample('dark', [gpu({ utilisationPercent: 99, powerWatts: 300 })]),
    ]);
    const order = (sort: (typeof fleetSorts)[number]) =>
      sortNodes(nodes, sort, samples).map(({ name }) => name);
    expect(order('added')).toEqual(['rack-10', 'rack-9', 'dark', 'blind']);
    expect(order('name')).toEqual(['blind', 'dark', 'rack-9', 'rack-10']);
    expect(order('gpu').slice(0, 2)).toEqual(['rack-9', 'rack-10']);
    expect(order('power').slice(0, 2)).toEqual(['rack-10', 'rack-9']);
    expect(order('vram').slice(0, 2)).toEqual(['rack-10', 'rack-9']);
    expect(gpuNow(node('a', 'serving'), samples['rack-9'])).toEqual({ percent: 90, watts: 80 });
    expect(gpuNow(node('a', 'serving', { hasGpu: false }), samples['rack-9'])).toEqual({
      percent: null,
      watts: null,
    });
    expect(gpuNow(node('a', 'serving'), undefined)).toEqual({ percent: null, watts: null });
  });
});

describe('the note of a machine', () => {
  const power = (patch: Partial<NodePower>) =>
    ({
      ...{ leases: [], whyOn: [], countdown: null, leaving: null, lastOffError: null, sleepTrouble: null },
      offAt: null,
      ...patch,
    }) as unknown as NodePower;

  it('is its trouble before all else', () => {
    expect(noteOf(node('a', 'off', { lastWakeError: error }), power({}), 0)).toEqual({
      text: error.message,
      tone: 'trouble',
    });
    const failed = power({ lastOffError: { ...error, message: 'It did not go off.' } });
    expect(noteOf(node('a', 'serving'), failed, 0)?.text).toBe('It did not go off.');
  });

  it('is when it was awake, for one that is off; what it is needed for, else', () => {
    expect(noteOf(node('a', 'off', { lastSeenAt: 0 }), null, 7_200_000)?.text).toBe('Last awake 2 h ago');
    expect(noteOf(node('a', 'off', { lastSeenAt: null }), null, 0)?.text).toBe('Never seen awake');
    const used = node('a', 'serving', { uses: [plainText('index "Notes"')] });
    expect(noteOf(used, power({}), 0)).toEqual({ text: 'Needed for index "Notes"', tone: 'lease' });
    expect(noteOf(node('a', 'serving'), power({ offAt: 600_000 }), 0)?.text).toMatch(/^Idle: powers off in/);
    expect(noteOf(node('a', 'serving'), power({ whyOn: [plainText('Always on.')] }), 0)?.text).toBe(
      'Always on.',
    );
    expect(noteOf(node('a', 'serving'), power({}), 0)).toBeNull();
  });
});
