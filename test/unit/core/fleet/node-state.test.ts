import { describe, expect, it } from 'vitest';
import { initialGpuState } from '../../../../electron/core/fleet/gpu-state.ts';
import {
  beginWaking,
  endWaking,
  initialObservation,
  nextObservation,
  type Observation,
  type ProbeResult,
  readFailure,
  withGpuVerdict,
} from '../../../../electron/core/fleet/node-state.ts';
import { type ErrorCode, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { NodeState } from '../../../../shared/models/fleet.ts';
import { fact } from '../../../../shared/models/message.ts';
import { aModel } from '../../../fakes/inference-server.ts';

const trouble = { code: 'SERVER_ERROR', message: 'It broke.', next: 'Mend it.' };
const results = {
  gpu: { kind: 'healthy', loaded: [aModel()] },
  cpu: { kind: 'healthy', loaded: [aModel({ vramBytes: 0 })] },
  empty: { kind: 'healthy', loaded: [] },
  wrong: { kind: 'wrong', trouble },
  refused: { kind: 'no-server', trouble: { ...trouble, code: 'HOST_UNREACHABLE' } },
  stuck: { kind: 'no-server', trouble: { ...trouble, code: 'HOST_TIMEOUT' } },
  silent: { kind: 'silent', reason: fact('NOTHING_ANSWERS'), trouble: null },
} satisfies Record<string, ProbeResult>;

const now = 1_000_000;
const observation = (state: NodeState, changes: Partial<Observation> = {}): Observation => ({
  ...initialObservation(now - 500),
  gpu: { ...initialGpuState, verified: state === 'gpu-verified' },
  state,
  trouble: state === 'trouble' ? trouble : null,
  ...changes,
});

describe('the next state', () => {
  it.each<[NodeState, keyof typeof results, boolean, NodeState]>([
    // The first probe decides at once, but a slow first answer is not trouble yet.
    ['unknown', 'empty', false, 'serving'],
    ['unknown', 'cpu', false, 'serving'],
    ['unknown', 'gpu', false, 'gpu-verified'],
    ['unknown', 'silent', false, 'off'],
    ['unknown', 'wrong', false, 'trouble'],
    ['unknown', 'refused', false, 'trouble'],
    ['unknown', 'stuck', false, 'unknown'],
    // One miss is no news.
    ['serving', 'silent', false, 'serving'],
    ['gpu-verified', 'silent', false, 'gpu-verified'],
    ['gpu-verified', 'wrong', false, 'gpu-verified'],
    ['serving', 'refused', false, 'serving'],
    ['trouble', 'silent', false, 'trouble'],
    // What was verified stays so while it is up.
    ['gpu-verified', 'empty', false, 'gpu-verified'],
    ['gpu-verified', 'cpu', false, 'gpu-verified'],
    ['serving', 'gpu', false, 'gpu-verified'],
    // It comes back by itself.
    ['off', 'empty', false, 'serving'],
    ['off', 'gpu', false, 'gpu-verified'],
    ['off', 'wrong', false, 'trouble'],
    ['off', 'silent', false, 'off'],
    ['trouble', 'empty', false, 'serving'],
    // While it is being woken.
    ['off', 'silent', true, 'waking'],
    ['waking', 'silent', true, 'waking'],
    ['waking', 'refused', true, 'booting'],
    ['waking', 'stuck', true, 'booting'],
    ['waking', 'wrong', true, 'booting'],
    ['booting', 'silent', true, 'booting'],
    ['booting', 'wrong', true, 'booting'],
    ['booting', 'empty', true, 'serving'],
    ['waking', 'gpu', true, 'gpu-verified'],
    // What was left of a wake that ended.
    ['booting', 'silent', false, 'booting'],
  ])('%s, sees %s (waking: %s) → %s', (before, result, waking, after) => {
    const next = nextObservation(observation(before), results[result], { now, waking });
    expect(next.state).toBe(after);
    expect(next.since).toBe(before === after ? now - 500 : now);
  });

  it('two misses in a row end it, and say why', () => {
    const once = nextObservation(observation('gpu-verified'), results.silent, { now, waking: false });
    const twice = nextObservation(once, results.silent, { now: now + 1000, waking: false });
    expect(once).toMatchObject({ state: 'gpu-verified', misses: 1 });
    expect(twice).toMatchObject({
      state: 'off',
      misses: 2,
      since: now + 1000,
      offReason: { code: 'NOTHING_ANSWERS' },
    });
  });

  it('two misses in quick succession count as one', () => {
    const miss = (seen: Observation, after: number) =>
      nextObservation(seen, results.refused, { now: now + after, waking: false });
    const once = miss(observation('serving'), 0);
    const again = miss(once, 499);
    expect([again.state, again.misses]).toEqual(['serving', 1]);
    expect(miss(again, 500).state).toBe('trouble');
  });

  it('an answer between two misses clears the first', () => {
    let seen = nextObservation(observation('serving'), results.silent, { now, waking: false });
    seen = nextObservation(seen, results.empty, { now, waking: false });
    seen = nextObservation(seen, results.silent, { now, waking: false });
    expect(seen).toMatchObject({ state: 'serving', misses: 1 });
  });

  it('trouble carries its words and loses them', () => {
    const bad = nextObservation(observation('off'), results.wrong, { now, waking: false });
    expect(bad.trouble).toEqual(trouble);
    expect(nextObservation(bad, results.empty, { now, waking: false }).trouble).toBeNull();
  });

  it('misses grow while it is off, for the back-off', () => {
    let seen = observation('off', { misses: 2 });
    for (let index = 0; index < 3; index += 1)
      seen = nextObservation(seen, results.silent, { now, waking: false });
    expect(seen).toMatchObject({ state: 'off', misses: 5, since: now - 500 });
  });

  it('what placement found changes the state only while it is up', () => {
    const doubted = withGpuVerdict(observation('gpu-verified'), { kind: 'not-checked' }, now);
    expect(doubted).toMatchObject({ state: 'serving', since: now });
    expect(withGpuVerdict(doubted, { kind: 'verified' }, now).state).toBe('gpu-verified');
    expect(withGpuVerdict(observation('off'), { kind: 'verified' }, now).state).toBe('off');
  });

  it('a wake begins and ends', () => {
    expect(beginWaking(observation('off'), now).state).toBe('waking');
    expect(beginWaking(observation('trouble'), now)).toMatchObject({ state: 'waking', trouble: null });
    expect(beginWaking(observation('serving'), now).state).toBe('serving');
    expect(endWaking(observation('booting'), now).state).toBe('off');
    expect(endWaking(observation('serving'), now).state).toBe('serving');
  });
});

describe('what a failed probe means', () => {
  const failure = (code: ErrorCode, details: Record<string, unknown> = {}, localHost = false) =>
    readFailure(new PilotlightError(code, { details }), localHost);

  it.each<[string, ProbeResult, ProbeResult['kind']]>([
    ['no route', failure('HOST_UNREACHABLE', { phase: 'connect', reason: 'no-route' }), 'silent'],
    ['refused by another machine', failure('HOST_UNREACHABLE', { reason: 'refused' }), 'no-server'],
    // A simulated machine that sleeps refuses as well.
    ['refused on this computer', failure('HOST_UNREACHABLE', { reason: 'refused' }, true), 'silent'],
    ['a connect that hangs', failure('HOST_TIMEOUT', { phase: 'connect' }), 'silent'],
    ['an answer that hangs', failure('HOST_TIMEOUT', { phase: 'answer' }), 'no-server'],
    ['a reset', failure('HOST_UNREACHABLE', { phase: 'answer', reason: 'reset' }), 'silent'],
    ['HTML', failure('NOT_AN_INFERENCE_SERVER'), 'wrong'],
    ['500', failure('SERVER_ERROR'), 'wrong'],
    ['10 GB', failure('RESPONSE_TOO_LARGE'), 'wrong'],
  ])('%s', (_, result, kind) => {
    expect(result.kind).toBe(kind);
  });

  it('an unknown name is silence with a reason to read', () => {
    expect(failure('NAME_NOT_RESOLVED')).toMatchObject({
      kind: 'silent',
      trouble: { code: 'NAME_NOT_RESOLVED' },
    });
  });
});
