import { describe, expect, it } from 'vitest';
import { decideMove, type MoveFacts } from '../../../../electron/core/placement/decide-move.ts';
import { type PreviewInput, previewMove } from '../../../../electron/core/placement/preview.ts';
import { fact } from '../../../../shared/models/message.ts';
import { previewSentences } from '../../../../shared/text/move-preview.ts';
import { aRequest } from '../../../fakes/records.ts';
import { aLoaded, aNode, anInstalled, GB, NOW } from './support.ts';

const model = 'llama3.1:8b';
const facts: MoveFacts = {
  now: NOW,
  pinned: new Set(),
  isPriority: () => false,
  inFlight: () => 0,
  blocked: null,
  usedByOthers: [],
  explicitFailed: false,
  lastSizeBytes: null,
};

function preview(changes: Partial<PreviewInput> = {}, { target = 'gpu' as 'gpu' | 'cpu' } = {}) {
  const loaded = [aLoaded(), aLoaded({ name: 'big:latest', vramBytes: 20 * GB, sizeBytes: 20 * GB })];
  const node = aNode({
    loaded,
    installed: [anInstalled(), anInstalled({ name: 'big:latest', digest: 'big', sizeBytes: 19 * GB })],
  });
  const request = { node, model, target, by: 'person' as const, anyway: false, server: {} as never };
  const before = { loaded, current: aLoaded(), usedBytes: null, gpus: null };
  return previewMove({
    now: NOW,
    request,
    before,
    decision: decideMove(facts, request, before, null),
    described: null,
    time: null,
    isMeasured: true,
    inFlight: () => 0,
    requests: [],
    usedByOthers: [],
    ...changes,
  });
}

describe('what a move would do', () => {
  it('names what it unloads, and how much room is left then', () => {
    expect(preview()).toMatchObject({
      outcome: 'move',
      from: 'cpu',
      evicts: [{ model: 'big:latest', vramBytes: 20 * GB }],
      room: { neededBytes: 6 * GB, spareBytes: 18 * GB },
    });
  });

  it('says how long it takes by earlier loads, else by size, else nothing', () => {
    const time = { usualMs: 4000, longestMs: 9000, loads: 3 };
    expect(preview({ time }).duration).toEqual({ by: 'loads', ms: 4000, loads: 3 });
    expect(preview().duration).toEqual({ by: 'size', ms: 6000, bytesPerSecond: 1e9 });
    const unknown = { loaded: [], current: null, usedBytes: null, gpus: null };
    const request = { node: aNode(), model, target: 'cpu' as const, by: 'person' as const, anyway: false };
    const decision = decideMove(facts, { ...request, server: {} as never }, unknown, null);
    expect(preview({ request, before: unknown, decision }).duration).toBeNull();
  });

  it('counts the requests that wait, by model, with their programs', () => {
    const requests = [
      aRequest({ id: '1', model: 'llama3.1:8b', nodeId: 'node_1', state: 'answering', program: 'radio' }),
      aRequest({
        id: '2',
        model: 'LLAMA3.1:8b',
        nodeId: null,
        state: 'queued',
        program: null,
        credential: 'n8n',
      }),
      aRequest({ id: '3', model, nodeId: 'node_1', state: 'completed', at: NOW - 60_000, program: 'radio' }),
      aRequest({
        id: '4',
        model,
        nodeId: 'node_1',
        state: 'completed',
        at: NOW - 11 * 60_000,
        program: 'old',
      }),
      aRequest({ id: '5', model, nodeId: 'elsewhere', state: 'answering', program: 'other' }),
      aRequest({ id: '6', model: 'big', nodeId: 'node_1', state: 'sent', program: 'desk' }),
    ];
    const inFlight = (name: string) => (name === 'big:latest' ? 2 : 1);
    expect(preview({ requests, inFlight }).waits).toEqual([
      { model, inFlight: 1, queued: 1, perMinute: 0.1, programs: ['n8n', 'radio'] },
      { model: 'big:latest', inFlight: 2, queued: 0, perMinute: 0, programs: ['desk'] },
    ]);
  });

  it('never takes unknown for none', () => {
    const seen = preview({ requests: null, usedByOthers: null });
    expect(seen.waits[0]).toMatchObject({ perMinute: null });
    expect(seen.otherPanels).toBeNull();
    expect(seen.warnings).toContainEqual(fact('OTHER_PANELS_UNKNOWN'));
    expect(preview().otherPanels).toEqual([]);
  });

  it('names other panels that use the model or what is unloaded', () => {
    const use = (...models: string[]) => ({ holder: 'laptop', models, seenSeconds: 3 });
    const usedByOthers = [use('BIG', 'elsewhere:1b'), use('unrelated')];
    expect(preview({ usedByOthers }).otherPanels).toEqual([use('BIG')]);
  });

  it('is written in sentences, of which there is always one', () => {
    expect(previewSentences(preview()).length).toBeGreaterThan(3);
    const done = preview({
      decision: {
        kind: 'done',
        room: null,
        result: {
          outcome: 'already-right',
          reason: fact('ALL_ON_GPU'),
          code: null,
          from: 'gpu',
          to: 'gpu',
          evicted: [],
          error: null,
        },
      },
    });
    expect(done).toMatchObject({ outcome: 'already-right', waits: [], evicts: [], duration: null });
    expect(previewSentences(done)).toHaveLength(1);
  });
});
