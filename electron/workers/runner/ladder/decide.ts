/** The provider ladder: which providers are tried, and which one runs a model. Pure. */
import { fact, type Message } from '../../../../shared/models/message.ts';
import type { RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import { toFloats } from '../inference/float16.ts';
import type { Answers, TrialResult } from '../inference/protocol.ts';
import type { Tensor } from '../sessions.ts';

/** The fastest first; the CPU is always the last. */
export function rungsOf(
  platform: NodeJS.Platform,
  wanted: 'auto' | RunnerProvider = 'auto',
): RunnerProvider[] {
  if (wanted !== 'auto') return wanted === 'cpu' ? ['cpu'] : [wanted, 'cpu'];
  if (platform === 'win32') return ['dml', 'cpu'];
  if (platform === 'darwin') return ['coreml', 'cpu'];
  return ['cuda', 'webgpu', 'cpu'];
}

export function rung(
  provider: RunnerProvider,
  state: RunnerRung['state'],
  reason: Message | null = null,
  measured: Partial<Pick<RunnerRung, 'ms' | 'cpuMs' | 'agreement' | 'share'>> = {},
): RunnerRung {
  return { provider, state, reason, ms: null, cpuMs: null, agreement: null, share: null, ...measured };
}

/** Outputs whose rows are at least this long are vectors. */
const VECTOR_LENGTH = 32;
/** Largest difference for other outputs, relative to the largest number. */
const LARGEST_DIFFERENCE = 0.01;
export const FLOAT_COSINE = 0.9995;
export const QUANTISED_COSINE = 0.95;

export interface Agreement {
  /** The lowest cosine of two rows; or the largest relative difference, if the outputs are no vectors. */
  value: number;
  holds: boolean;
}

export function compare(answers: Answers, expected: Answers, cosine: number): Agreement {
  const names = Object.keys(expected);
  const areVectors = names.every((name) => (expected[name]?.dims.at(-1) ?? 0) >= VECTOR_LENGTH);
  const pairs = names.map((name) => [answers[name], expected[name]] as const);
  if (pairs.some(([one, other]) => one === undefined || String(one.dims) !== String(other?.dims)))
    return { value: areVectors ? 0 : Number.MAX_VALUE, holds: false };
  const all = pairs as readonly (readonly [Tensor, Tensor])[];
  if (areVectors) {
    const value = Math.min(...all.map(([one, other]) => lowestCosine(one, other)));
    return { value, holds: value >= cosine };
  }
  const value = Math.max(0, ...all.map(([one, other]) => largestDifference(one, other)));
  return { value, holds: value <= LARGEST_DIFFERENCE };
}

/** 0 where a number is not finite. */
function lowestCosine(one: Tensor, other: Tensor): number {
  const [a, b] = [toFloats(one), toFloats(other)];
  const size = one.dims.at(-1) ?? 1;
  let lowest = 1;
  for (let from = 0; from < a.length; from += size) {
    let [product, squareA, squareB] = [0, 0, 0];
    for (let index = from; index < from + size; index += 1) {
      const [x, y] = [a[index] as number, b[index] as number];
      product += x * y;
      squareA += x * x;
      squareB += y * y;
    }
    const length = Math.sqrt(squareA * squareB);
    const cosine = length === 0 ? (squareA === squareB ? 1 : 0) : product / length;
    lowest = Math.min(lowest, Number.isFinite(cosine) ? cosine : 0);
  }
  return lowest;
}

function largestDifference(one: Tensor, other: Tensor): number {
  const [a, b] = [toFloats(one), toFloats(other)];
  let largest = 0;
  let difference = 0;
  for (let index = 0; index < b.length; index += 1) {
    largest = Math.max(largest, Math.abs(b[index] as number));
    const apart = Math.abs((a[index] as number) - (b[index] as number));
    difference = Math.max(difference, Number.isFinite(apart) ? apart : Number.MAX_VALUE);
  }
  return difference / Math.max(largest, 1e-6);
}

/** What a provider's trial says of it, next to the CPU's. */
export function judge(
  provider: RunnerProvider,
  trial: TrialResult,
  cpu: Pick<TrialResult, 'ms' | 'answers'>,
  { cosine, mustBeFaster }: { cosine: number; mustBeFaster: boolean },
): RunnerRung {
  const { value, holds } = compare(trial.answers, cpu.answers, cosine);
  const measured = { ms: trial.ms, cpuMs: cpu.ms, agreement: value, share: trial.share };
  if (!holds)
    return rung(provider, 'wrong', fact('RUNNER_PROVIDER_WRONG', { provider, agreement: value }), measured);
  if (trial.share === 0)
    return rung(provider, 'failed', fact('RUNNER_PROVIDER_IDLE', { provider }), measured);
  if (mustBeFaster && trial.ms >= cpu.ms) {
    const reason = fact('RUNNER_PROVIDER_SLOWER', { provider, time: trial.ms, cpu: cpu.ms });
    return rung(provider, 'slower', reason, measured);
  }
  return rung(provider, 'used', null, measured);
}

/** A GPU has a delay of its own: with few values it may be slower by this, and still be faster with many. */
const FAR_SLOWER = 20;

/** Whether a provider that was slower with few values cannot be faster with many. */
export function isFarSlower({ ms, cpuMs }: Pick<RunnerRung, 'ms' | 'cpuMs'>): boolean {
  return ms !== null && cpuMs !== null && ms > cpuMs * FAR_SLOWER;
}

/** The provider that is used; the CPU if none else is. */
export function chosen(ladder: readonly RunnerRung[]): RunnerProvider {
  return ladder.find(({ state }) => state === 'used')?.provider ?? 'cpu';
}

/** The ladder after the provider in use failed: the CPU takes over. */
export function demoted(
  ladder: readonly RunnerRung[],
  provider: RunnerProvider,
  reason: Message,
): RunnerRung[] {
  return ladder.map((one) => {
    if (one.provider === provider) return { ...one, state: 'failed', reason };
    return one.provider === 'cpu' ? { ...one, state: 'used', reason: null } : one;
  });
}
