import { beforeAll, describe, expect, test } from 'vitest';
import { clockOf, minuteOf } from '../../../../renderer/components/clock-text.ts';
import { checkText, outcomeText } from '../../../../renderer/features/checks/check-text.ts';
import { secondsText, wattsOf, withOwn } from '../../../../renderer/features/node/policy-text.ts';
import { leaseRows, stateSpans } from '../../../../renderer/features/node/power-timeline.ts';
import { processShares } from '../../../../renderer/features/node/processes.ts';
import {
  inText,
  keepChoices,
  leaseEnd,
  leaseLine,
  moved,
  nextClock,
  offChoices,
  offRefusal,
  otherReasons,
  readCommand,
  wakeMethodLabel,
} from '../../../../renderer/features/power/power-text.ts';
import { loadTexts } from '../../../../renderer/texts.ts';
import { endOfTonight } from '../../../../shared/evening.ts';
import { fact, plainText } from '../../../../shared/models/message.ts';
import type { PowerTimeline } from '../../../../shared/models/power.ts';
import { noReason } from '../../../../shared/text/lease-purpose.ts';
import { diagnosis, lease, power, rehearsal } from '../../../e2e/support/power-scenes.ts';

beforeAll(loadTexts);

const at = (hours: number, minutes = 0) => new Date(2026, 10, 21, hours, minutes).getTime();
const minute = 60_000;

describe('going off', () => {
  const refused = (...args: Parameters<typeof power>) =>
    offChoices(power(...args)).flatMap(({ action, refused: why }) => (why === null ? [] : [action]));

  test('offers what the machine can do, and says why not for the rest', () => {
    expect(refused('a')).toEqual(['hibernate']);
    expect(refused('a', { means: 'server', agent: null })).toEqual(['sleep', 'hibernate', 'restart']);
    expect(refused('a', { means: 'simulator', agent: null })).toEqual(['hibernate', 'restart']);
    expect(refused('a', { means: 'none', agent: null })).toHaveLength(4);
  });

  test('an agent that does not answer yet may be able to do all of it', () => {
    const agent = power('a').agent;
    expect(refused('a', { agent: agent && { ...agent, state: 'unknown', actions: [] } })).toEqual([]);
  });

  test.each([
    ['serving', {}, null],
    ['trouble', {}, null],
    ['off', { means: 'server' as const, agent: null }, 'It is not on.'],
    [
      'serving',
      { leaving: { action: 'sleep' as const, since: 0, deadlineAt: 1 } },
      'Already going to sleep.',
    ],
    [
      'serving',
      { countdown: { action: 'sleep' as const, by: 'Ann', endsAt: 1 } },
      'A countdown is already running.',
    ],
    [
      'serving',
      { means: 'none' as const },
      'Run the agent there with the power role, or set its shutdown server with Edit.',
    ],
  ] as const)('a machine that is %s, %j', (state, patch, why) => {
    expect(offRefusal({ state }, power('a', patch))).toBe(why);
  });

  test('a rejected token is reported before trying', () => {
    const agent = power('a').agent;
    const refusing = power('a', { agent: agent && { ...agent, state: 'refused' } });
    expect(offRefusal({ state: 'serving' }, refusing)).toContain('Pair it again');
  });
});

describe('leases as text', () => {
  test('until done, until a time, until released', () => {
    const now = at(20);
    expect(leaseLine(lease('a'), now)).toBe('Lease: index "Notes" until done');
    expect(leaseEnd({ kind: 'person', until: null }, now)).toBe('until released');
    expect(leaseEnd({ kind: 'person', until: at(23) }, now)).toMatch(/^until \S+/);
    expect(leaseEnd({ kind: 'person', until: at(30) }, now)).toMatch(/^until \p{L}+/u);
    expect(leaseLine(lease('b', { origin: 'elsewhere', holder: 'backup.sh' }), now)).toBe(
      'Lease: index "Notes", for backup.sh until done',
    );
    const kept = { kind: 'person', purpose: noReason, until: null } as const;
    expect(leaseLine(lease('c', kept), now)).toBe('Kept awake by you until released');
    const saved = { ...kept, purpose: 'somebody uses it' };
    expect(leaseLine(lease('c', saved), now)).toBe('Kept awake by you until released');
    expect(leaseLine(lease('d', { ...kept, purpose: 'a game' }), now)).toBe(
      'Kept awake by you for a game until released',
    );
    expect(leaseLine(lease('e', { ...kept, origin: 'elsewhere', holder: 'Ann' }), now)).toBe(
      'Kept awake by Ann until released',
    );
  });

  test('a listed lease is not repeated', () => {
    const held = fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' });
    expect(otherReasons({ whyOn: [held, plainText('Bob is logged in there.')] })).toEqual([
      'Bob is logged in there.',
    ]);
  });
});

describe('keeping awake', () => {
  test('tonight ends at midnight, late in the evening and in the small hours at four', () => {
    expect(endOfTonight(at(18))).toBe(at(24));
    expect(endOfTonight(at(22, 30))).toBe(at(28));
    expect(endOfTonight(at(1))).toBe(at(4));
    expect(endOfTonight(at(9))).toBe(at(24));
  });

  test('no choice lies in the past', () => {
    for (const now of [at(0), at(2, 59), at(3), at(21, 59), at(22), at(23, 59)]) {
      for (const { until } of keepChoices(now)) expect(until ?? Infinity).toBeGreaterThan(now);
    }
  });

  test('a time of the clock is the next one', () => {
    expect(nextClock('23:30', at(20))).toBe(at(23, 30));
    expect(nextClock('06:00', at(20))).toBe(at(30));
    expect(nextClock('20:00', at(20))).toBe(at(44));
    expect(nextClock('', at(20))).toBeNull();
    expect(nextClock('soon', at(20))).toBeNull();
  });

  test.each([
    [10_000, 'in less than a minute'],
    [12 * minute, 'in 12 min'],
    [60 * minute, 'in 1 h'],
    [125 * minute, 'in 2 h 5 min'],
  ])('%i ms is %s', (ms, words) => {
    expect(inText(ms)).toBe(words);
  });
});

describe('wake methods', () => {
  test('are named as a person would', () => {
    const nameOf = (id: string) => (id === 'nas' ? 'NAS' : null);
    expect(wakeMethodLabel({ kind: 'direct' }, nameOf)).toBe('Magic packets from this computer');
    expect(wakeMethodLabel({ kind: 'agent', nodeId: 'nas' }, nameOf)).toBe('Agent on NAS');
    expect(wakeMethodLabel({ kind: 'agent', nodeId: 'x' }, nameOf)).toContain('removed machine');
    expect(wakeMethodLabel({ kind: 'relay', url: 'http://10.0.0.2:9753/' }, nameOf)).toBe(
      'Relay at 10.0.0.2:9753',
    );
    expect(wakeMethodLabel({ kind: 'command', command: ['wake', 'box'] }, nameOf)).toBe('Command: wake box');
  });

  test('move by one place, and stay at the ends', () => {
    expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
    expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
    expect(moved(['a', 'b', 'c'], 0, -1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c']);
    expect(moved(['a'], 5, 1)).toEqual(['a']);
  });

  test('a command is divided at spaces, and held together by quotes', () => {
    expect(readCommand(`wake "the big box" --to 'a b' c`)).toEqual([
      'wake',
      'the big box',
      '--to',
      'a b',
      'c',
    ]);
    expect(readCommand('  ')).toEqual([]);
  });
});

describe('the sentences of a policy', () => {
  test('keep a value that is not among the usual ones', () => {
    expect(withOwn([5, 15, 30], 20)).toEqual([5, 15, 20, 30]);
    expect(withOwn([5, 15, 30], 15)).toEqual([5, 15, 30]);
  });

  test.each([
    [45, '45 s'],
    [60, '1 min'],
    [90, '1 min 30 s'],
    [900, '15 min'],
    [7200, '2 h'],
    [5400, '1 h 30 min'],
  ])('%i seconds are %s', (seconds, words) => {
    expect(secondsText(seconds)).toBe(words);
  });

  test('times of the clock there and back; nonsense is none', () => {
    for (const one of [0, 7, 425, 1320, 1439]) expect(minuteOf(clockOf(one))).toBe(one);
    expect(clockOf(425)).toBe('07:05');
    for (const text of ['', '24:00', '12:60', 'noon']) expect(minuteOf(text)).toBeNull();
  });

  test('watts: a number, nothing, or no number', () => {
    expect(wattsOf(' 180 ')).toBe(180);
    expect(wattsOf('7,5')).toBe(7.5);
    expect(wattsOf('')).toBeNull();
    for (const text of ['lots', '-1', '20001']) expect(wattsOf(text)).toBeUndefined();
  });
});

describe('the recorded day', () => {
  const states: PowerTimeline['states'] = [
    { from: 0, to: 100, state: 'gpu-verified' },
    { from: 100, to: 200, state: 'off' },
    { from: 200, to: 220, state: 'waking' },
    { from: 220, to: 230, state: 'booting' },
    { from: 230, to: 300, state: 'serving' },
    { from: 300, to: 400, state: 'trouble' },
  ];

  test('shows states cut to the span; waking and booting as one; what is not known stays empty', () => {
    expect(stateSpans(states, 50, 350)).toEqual([
      { from: 50, to: 100, kind: 'gpu' },
      { from: 100, to: 200, kind: 'off' },
      { from: 200, to: 230, kind: 'waking' },
      { from: 230, to: 300, kind: 'awake' },
      { from: 300, to: 350, kind: 'trouble' },
    ]);
    expect(stateSpans([], 0, 10)).toEqual([]);
  });

  const hold = (from: number, to: number | null, purpose = 'a game'): PowerTimeline['leases'][number] => ({
    from,
    to,
    kind: 'person',
    holder: 'Ann',
    purpose,
  });

  test('leases that overlap stand in rows of their own, others share one', () => {
    const { rows, more } = leaseRows([hold(0, 100), hold(50, 150), hold(200, 300)], 0, 400);
    expect(rows.map((row) => row.map(({ from, to }) => [from, to]))).toEqual([
      [
        [0, 100],
        [200, 300],
      ],
      [[50, 150]],
    ]);
    expect(more).toBe(0);
  });

  test('a lease that lives reaches to now; one that ended before is left out; too many are counted', () => {
    const { rows } = leaseRows([hold(-500, -400), hold(-100, 50), hold(300, null)], 0, 400);
    expect(rows.flat()).toMatchObject([
      { from: 0, to: 50, open: false },
      { from: 300, to: 400, open: true },
    ]);
    expect(
      leaseRows(
        [1, 2, 3, 4, 5, 6].map((from) => hold(from, null)),
        0,
        400,
      ),
    ).toMatchObject({ more: 2 });
  });
});

describe('checks as text', () => {
  test('their outcomes', () => {
    expect(outcomeText(diagnosis)).toBe('1 step failed');
    expect(outcomeText(rehearsal)).toBe('Step 3 of 4: It is woken');
    expect(outcomeText({ ...rehearsal, outcome: 'pass' })).toBe('Sleep and wake both work');
    expect(outcomeText({ ...diagnosis, outcome: 'pass' })).toBe('All checks passed');
    expect(outcomeText({ ...diagnosis, outcome: 'cancelled' })).toBe('Cancelled');
  });

  test('the text has each step with its observation and fix', () => {
    const lines = checkText({ ...diagnosis, startedAt: Date.UTC(2026, 10, 21) }, 'tower').split('\n');
    expect(lines[0]).toBe('Diagnosis of tower, 2026-11-21T00:00:00.000Z: 1 step failed');
    expect(lines).toContain('3. Wake-on-LAN is enabled: failed');
    expect(lines.find((line) => line.startsWith('   Fix: '))).toContain('ethtool');
  });
});

describe('VRAM by program', () => {
  const gpu = (...processes: [string, number | null][]) => ({
    processes: processes.map(([name, vramUsedBytes]) => ({ name, vramUsedBytes })),
  });
  test('is listed by program over all GPUs, largest first', () => {
    expect(
      processShares([
        gpu(['/usr/bin/ollama', 4e9], ['C:\\Games\\game.exe', 6e9]),
        gpu(['/usr/bin/ollama', 3e9], ['Xorg', null]),
      ]),
    ).toEqual([
      { name: 'ollama', bytes: 7e9 },
      { name: 'game.exe', bytes: 6e9 },
      { name: 'Xorg', bytes: null },
    ]);
  });
  test('is empty if no agent reports it', () => {
    expect(processShares([{}])).toEqual([]);
  });
});
