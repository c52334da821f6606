import { describe, expect, it } from 'vitest';
import {
  type GpuEvidence,
  type GpuLoss,
  type GpuState,
  gpuStateAway,
  initialGpuState,
  isUnconfirmed,
  nextGpuState,
  TOOLS_CONFIRM_MS,
  withVerdict,
} from '../../../../electron/core/fleet/gpu-state.ts';
import { fact } from '../../../../shared/models/message.ts';
import { aModel } from '../../../fakes/inference-server.ts';

const START = 1_000_000;
const reason = fact('LOAD_ENDED_ON_CPU', { model: 'llama3.1:8b' });
const card = { kind: 'card' } as const;
const none = { kind: 'none', problem: '' } as const;
const fails = { kind: 'failed', problem: 'It hangs.' } as const;
const onGpu = aModel();
const onCpu = aModel({ vramBytes: 0 });
const other = aModel({ name: 'mxbai-embed-large:latest', digest: 'def' });

const evidence = (changes: Partial<GpuEvidence> = {}): GpuEvidence => ({
  now: START,
  loaded: [],
  usedBytes: null,
  found: null,
  tools: { kind: 'unknown' },
  process: 'unknown',
  wasAway: false,
  hasGpu: false,
  ...changes,
});
const loss = (changes: Partial<GpuLoss> = {}): GpuLoss => ({
  since: START - 60_000,
  shownBy: 'load',
  restarted: false,
  reason,
  before: [],
  ...changes,
});
const verified: GpuState = { ...initialGpuState, verified: true, known: true, cardSeen: true };
const lostByLoad: GpuState = { ...verified, verified: false, startRefuted: true, loss: loss() };
const lostAtStart: GpuState = { ...verified, verified: false, loss: loss({ shownBy: 'server' }) };
const lostByTools: GpuState = {
  ...verified,
  verified: false,
  startRefuted: true,
  missingSince: START - 60_000,
  loss: loss({ shownBy: 'tools' }),
};
const unchecked: GpuState = { ...verified, verified: false };

/** Several probes, two seconds apart. */
function probes(state: GpuState, ...all: Partial<GpuEvidence>[]): GpuState {
  return all.reduce<GpuState>(
    (seen, changes, index) =>
      nextGpuState(seen, evidence({ now: START + index * TOOLS_CONFIRM_MS, ...changes })),
    state,
  );
}

type Reads = 'verified' | 'not checked' | GpuLoss['shownBy'] | 'lost, restarted since';
const reads = ({ verified: isVerified, loss: lost }: GpuState): Reads => {
  if (lost !== null) return lost.restarted ? 'lost, restarted since' : lost.shownBy;
  return isVerified ? 'verified' : 'not checked';
};

describe('the GPU of a server', () => {
  it.each<[string, GpuState, Partial<GpuEvidence>[], Reads]>([
    // Verified.
    ['a model in VRAM verifies it', initialGpuState, [{ loaded: [onGpu] }], 'verified'],
    ['a partial model verifies it', initialGpuState, [{ loaded: [aModel({ vramBytes: 1e9 })] }], 'verified'],
    ['what it found at its start verifies it', initialGpuState, [{ found: true }], 'verified'],
    ['it stays verified without models', verified, [{}, {}], 'verified'],
    ['a model on the CPU is no loss', verified, [{ loaded: [onCpu] }], 'verified'],
    ['a card alone verifies nothing', initialGpuState, [{ tools: card }], 'not checked'],

    // (a) Restarted.
    ['a restart drops it', verified, [{ process: 'new' }], 'not checked'],
    ['until a model is in VRAM', verified, [{ process: 'new' }, { loaded: [onGpu] }], 'verified'],
    ['or the new process found it', verified, [{ process: 'new', found: true }], 'verified'],
    ['or found none', verified, [{ process: 'new', found: false }], 'server'],
    ['no models at all are no restart', verified, [{ loaded: [onGpu] }, { loaded: [] }], 'verified'],

    // (b) The GPU vanished.
    ['tools that miss the card once drop it', verified, [{ tools: none }], 'not checked'],
    ['tools that confirm it show the loss', verified, [{ tools: none }, { tools: none }], 'tools'],
    ['tools that fail, too', verified, [{ tools: fails }, { tools: fails }], 'tools'],
    ['but not one that fails once', verified, [{ tools: fails }, { tools: card }], 'not checked'],
    [
      'a model in VRAM outweighs tools that fail',
      verified,
      [
        { tools: fails, loaded: [onGpu] },
        { tools: fails, loaded: [onGpu] },
      ],
      'verified',
    ],
    [
      'but not tools that see no card any more',
      verified,
      [
        { tools: none, loaded: [onGpu] },
        { tools: none, loaded: [onGpu] },
      ],
      'tools',
    ],
    [
      'the card is missing beside integrated graphics',
      verified,
      [{ tools: { kind: 'integrated' } }, { tools: { kind: 'integrated' } }],
      'tools',
    ],
    ['tools that have not reported are no loss', verified, [{ tools: { kind: 'unknown' } }, {}], 'verified'],
    ['the server found none at its start', verified, [{ found: false }], 'server'],
    ['unless a model is in VRAM', verified, [{ found: false, loaded: [onGpu] }], 'verified'],

    // Not a loss.
    [
      'it never had one',
      initialGpuState,
      [
        { tools: none, found: false },
        { tools: none, found: false },
      ],
      'not checked',
    ],
    [
      'tools that never saw the card are blind',
      { ...verified, cardSeen: false },
      [{ tools: none }, { tools: none }],
      'verified',
    ],
    [
      'tools that always failed say nothing',
      { ...verified, cardSeen: false },
      [{ tools: fails }, { tools: fails }],
      'verified',
    ],
    [
      'a person entered it, and no tool sees it',
      initialGpuState,
      [
        { tools: none, hasGpu: true },
        { tools: none, hasGpu: true },
      ],
      'tools',
    ],
    [
      'integrated graphics that it does not use',
      initialGpuState,
      [{ tools: { kind: 'integrated' }, found: false }],
      'not checked',
    ],

    // The end of a loss.
    ['a model in VRAM ends it', lostByLoad, [{ loaded: [onGpu] }], 'verified'],
    ['a model on the CPU does not', lostByLoad, [{ loaded: [onCpu] }], 'load'],
    ['an empty server does not', lostByLoad, [{}], 'load'],
    ['the word of its start does not', lostByLoad, [{ found: true }], 'load'],
    ['a restart alone does not', lostByLoad, [{ process: 'new' }], 'lost, restarted since'],
    ['a restart that found the GPU does', lostByLoad, [{ process: 'new', found: true }], 'verified'],
    ['later, too', lostByLoad, [{ process: 'new' }, {}, { found: true }], 'verified'],
    ['a restart that found none does not', lostByLoad, [{ process: 'new' }, { found: false }], 'server'],
    ['the agent notices that it found the GPU', lostAtStart, [{ found: true }], 'verified'],
    ['tools that see the card again end what they showed', lostByTools, [{ tools: card }], 'not checked'],
    ['and the word from before does not count', lostByTools, [{ tools: card, found: true }], 'not checked'],
    ['tools that see it do not end a failed load', lostByLoad, [{ tools: card }], 'load'],
    ['silent tools end nothing', lostByTools, [{ tools: { kind: 'unknown' } }], 'tools'],

    // Away and back.
    ['another boot starts over', lostByLoad, [{ wasAway: true, process: 'new' }], 'not checked'],
    ['so does one that may be another', lostByLoad, [{ wasAway: true }], 'not checked'],
    ['the same process is still without it', lostByLoad, [{ wasAway: true, process: 'same' }], 'load'],
  ])('%s', (_, before, seen, after) => {
    expect(reads(probes(before, ...seen))).toBe(after);
  });

  it('a model that was in VRAM before the loss does not end it, but its next load does', () => {
    const lost = withVerdict(
      verified,
      { kind: 'lost', reason, figuresWrong: false, loaded: [other, onCpu] },
      START,
    );
    expect(reads(lost)).toBe('load');
    const still = probes(lost, { loaded: [other, onCpu] }, { loaded: [other] });
    expect(reads(still)).toBe('load');
    expect(reads(probes(still, { loaded: [other, onGpu] }))).toBe('verified');
    expect(reads(probes(still, { loaded: [] }, { loaded: [other] }))).toBe('verified');
    // Every model of another process was loaded by it.
    expect(reads(probes(still, { process: 'new', loaded: [other] }))).toBe('verified');
  });

  it('is one loss, whatever shows it, and keeps its beginning', () => {
    const all = [
      probes(verified, { found: false }),
      probes(verified, { found: false }, { tools: none }, { tools: none }),
      probes(verified, { found: false }, { process: 'new' }, { found: false }),
    ];
    expect(all.map(({ loss: lost }) => lost?.since)).toEqual([START, START, START]);
    const again = withVerdict(lostAtStart, { kind: 'lost', reason, figuresWrong: false, loaded: [] }, START);
    expect(again.loss).toMatchObject({ since: START - 60_000, shownBy: 'load' });
  });

  it('waits for a second look of the tools, and says that it does', () => {
    const first = probes(verified, { tools: none });
    expect(isUnconfirmed(first)).toBe(true);
    const early = nextGpuState(first, evidence({ now: START + TOOLS_CONFIRM_MS - 1, tools: none }));
    expect([reads(early), isUnconfirmed(early)]).toEqual(['not checked', true]);
    const late = nextGpuState(early, evidence({ now: START + TOOLS_CONFIRM_MS, tools: none }));
    expect([reads(late), isUnconfirmed(late)]).toEqual(['tools', false]);
  });

  it('does not believe a server whose figures its tools contradict', () => {
    const used = (usedBytes: number) => ({ loaded: [onGpu], usedBytes });
    expect(reads(probes(initialGpuState, used(5e8)))).toBe('not checked');
    expect(reads(probes(initialGpuState, used(5e9)))).toBe('verified');
    const doubted = withVerdict(
      verified,
      { kind: 'lost', reason, figuresWrong: true, loaded: [onGpu] },
      START,
    );
    // Another program may use as much.
    expect(reads(probes(doubted, used(5e9), { found: true }))).toBe('load');
    expect(reads(withVerdict(doubted, { kind: 'verified' }, START))).toBe('verified');
    expect(reads(probes(doubted, { process: 'new', loaded: [onGpu] }))).toBe('verified');
  });

  it('a doubt of placement ends with the next model in VRAM or the next process', () => {
    const doubted = withVerdict(verified, { kind: 'not-checked' }, START);
    expect(reads(doubted)).toBe('not checked');
    expect(reads(probes(doubted, { found: true }))).toBe('not checked');
    expect(reads(probes(doubted, { loaded: [onGpu] }))).toBe('verified');
    expect(reads(probes(doubted, { process: 'new', found: true }))).toBe('verified');
  });

  it('nothing is verified while the machine is away, and it still has its GPU', () => {
    const away = gpuStateAway(verified);
    expect([reads(away), away.known]).toEqual(['not checked', true]);
    expect(reads(probes(away, { wasAway: true, process: 'same' }))).toBe('not checked');
    expect(reads(probes(away, { wasAway: true, found: true }))).toBe('verified');
  });

  it('never flaps between verified and lost while nothing changes', () => {
    const same: Partial<GpuEvidence>[] = [
      { loaded: [onCpu], found: true, tools: card },
      { loaded: [other], found: false, tools: card },
      { loaded: [onGpu], tools: fails },
      { tools: none, found: true },
      { tools: { kind: 'integrated' }, loaded: [onGpu] },
    ];
    for (const seen of same) {
      for (const start of [initialGpuState, verified, unchecked, lostByLoad, lostAtStart, lostByTools]) {
        let state = probes(start, seen, seen, seen);
        const settled = reads(state);
        for (let index = 3; index < 10; index += 1) {
          state = nextGpuState(state, evidence({ now: START + index * TOOLS_CONFIRM_MS, ...seen }));
          expect(reads(state)).toBe(settled);
        }
      }
    }
  });
});
