import { describe, expect, it } from 'vitest';
import { limitedBy, type NodeTime, type TimeSpent } from '../../../../electron/core/indexing/limited-by.ts';
import { createTimeMeter } from '../../../../electron/core/indexing/time-spent.ts';
import { fact } from '../../../../shared/models/message.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

const node = (own: Partial<NodeTime>): NodeTime => ({
  name: 'tower',
  isLocal: false,
  waitedMs: 10_000,
  reportedMs: own.waitedMs ?? 10_000,
  serverMs: own.waitedMs ?? 10_000,
  ...own,
});

const spent = (own: Partial<TimeSpent>): TimeSpent => ({
  nodes: [],
  starvedMs: 0,
  readMs: 0,
  cutMs: 0,
  storeMs: 0,
  ...own,
});

describe('what limits a run', () => {
  it.each<[string, Partial<TimeSpent>, ReturnType<typeof limitedBy>]>([
    [
      'a server that works the whole time',
      { nodes: [node({})] },
      fact('LIMITED_BY_SERVER', { nodes: ['tower'] }),
    ],
    [
      'answers of which the server worked only a small part',
      { nodes: [node({ serverMs: 3000 })] },
      fact('LIMITED_BY_NETWORK', { nodes: ['tower'] }),
    ],
    [
      'a server that does not report its time',
      { nodes: [node({ reportedMs: 0, serverMs: 0 })] },
      fact('LIMITED_BY_SERVER_OR_NETWORK', { nodes: ['tower'] }),
    ],
    [
      'a server of this computer that does not report its time',
      { nodes: [node({ isLocal: true, reportedMs: 0, serverMs: 0 })] },
      fact('LIMITED_BY_SERVER', { nodes: ['tower'] }),
    ],
    [
      'a server of this computer, where there is no network',
      { nodes: [node({ isLocal: true, serverMs: 2000 })] },
      fact('LIMITED_BY_PILOTLIGHT'),
    ],
    [
      'files that are slow to read',
      { nodes: [node({})], starvedMs: 20_000, readMs: 9000 },
      fact('LIMITED_BY_DISK'),
    ],
    [
      'an index that is slow to write',
      { nodes: [node({})], starvedMs: 20_000, readMs: 2000, cutMs: 3000, storeMs: 9000 },
      fact('LIMITED_BY_DISK'),
    ],
    [
      'texts that are slow to prepare',
      { nodes: [node({})], starvedMs: 20_000, readMs: 2000, cutMs: 9000 },
      fact('LIMITED_BY_PILOTLIGHT'),
    ],
    ['the built-in embedder', { cutMs: 9000, readMs: 100, storeMs: 400 }, fact('LIMITED_BY_PILOTLIGHT')],
    [
      'the built-in embedder on a slow disk',
      { cutMs: 900, readMs: 5000, storeMs: 400 },
      fact('LIMITED_BY_DISK'),
    ],
    ['nothing yet', {}, null],
    ['too little to tell', { nodes: [node({ waitedMs: 2000 })], starvedMs: 900 }, null],
    ['nothing but waiting', { nodes: [node({})], starvedMs: 20_000 }, null],
  ])('is named: %s', (_name, own, limit) => {
    expect(limitedBy(spent(own))).toEqual(limit);
  });

  it('is that of the machines which most of the waiting is due to', () => {
    const nodes = [
      node({ name: 'nas', waitedMs: 4000, reportedMs: 4000, serverMs: 1000 }),
      node({ name: 'lab', waitedMs: 2000 }),
      node({ name: 'tower', waitedMs: 3000 }),
    ];
    expect(limitedBy(spent({ nodes }))).toEqual(fact('LIMITED_BY_SERVER', { nodes: ['tower', 'lab'] }));
  });
});

describe('the time that was spent', () => {
  const answer = { nodeId: 'a', name: 'tower', isLocal: false };

  it('is summed by step and machine, as a whole and over the last minute', async () => {
    const clock = createFakeClock();
    const meter = createTimeMeter(clock);
    meter.answered({ ...answer, waitedMs: 1000, serverMs: 600 });
    meter.answered({ ...answer, waitedMs: 500, serverMs: null });
    meter.answered({ ...answer, nodeId: 'b', name: 'nas', waitedMs: 70, serverMs: 90 });
    meter.starved(5);
    meter.read(6);
    meter.cut(7);
    meter.stored(8);
    const first = {
      nodes: [
        { name: 'tower', isLocal: false, waitedMs: 1500, reportedMs: 1000, serverMs: 600 },
        // No server worked longer than it was waited for.
        { name: 'nas', isLocal: false, waitedMs: 70, reportedMs: 70, serverMs: 70 },
      ],
      starvedMs: 5,
      readMs: 6,
      cutMs: 7,
      storeMs: 8,
    };
    expect(meter.recent()).toEqual(first);
    expect(meter.total()).toEqual(first);

    await clock.advance(30_000);
    meter.starved(100);
    expect(meter.recent()).toMatchObject({ starvedMs: 105, readMs: 6, nodes: [{}, {}] });
    await clock.advance(31_000);
    expect(meter.recent()).toEqual({ nodes: [], starvedMs: 100, readMs: 0, cutMs: 0, storeMs: 0 });
    expect(meter.total()).toEqual({ ...first, starvedMs: 105 });
    await clock.advance(60_000);
    expect(limitedBy(meter.recent())).toBeNull();
  });
});
