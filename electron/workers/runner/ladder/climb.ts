/** Climbs the ladder for one graph: tries each provider in a process that may die of it, and times it against the CPU. */
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message, plainText } from '../../../../shared/models/message.ts';
import type { RunnerProvider, RunnerRung } from '../../../../shared/models/runner.ts';
import { plainReason } from '../inference/faults.ts';
import { ProcessEnded } from '../inference/link.ts';
import type { Feeds, TrialParams, TrialResult } from '../inference/protocol.ts';
import { isFarSlower, judge, rung } from './decide.ts';

/** Rejects with the process's error, or ProcessEnded. */
export type Try = (params: Omit<TrialParams, 'folder'>, deadlineMs: number) => Promise<TrialResult>;

export interface ClimbOptions {
  file: string | Uint8Array;
  feeds: Feeds;
  /** Far fewer values, tried first: what is slow with these is not tried with the others. Default: none. */
  fewFeeds?: Feeds | undefined;
  /** In order, the CPU last. */
  rungs: readonly RunnerProvider[];
  /** Of this onnxruntime. */
  compiled: readonly RunnerProvider[];
  /** Providers that failed with the small graph, with their rungs. */
  failed: readonly RunnerRung[];
  cosine: number;
  /** The small graph proves that a provider works; its time says nothing. */
  mustBeFaster: boolean;
  tryOn: Try;
  /** Default 60 s: a provider may compile a graph for long. */
  deadlineMs?: number;
}

const DEADLINE_MS = 60_000;
const TIMES = 5;
/** Enough to see that something is many times as slow. */
const FEW_TIMES = 2;

/** Never rejects, except with the CPU's own error: a graph that cannot run there is no good. */
export async function climb(options: ClimbOptions): Promise<RunnerRung[]> {
  const { file, feeds, fewFeeds, rungs, compiled, failed, tryOn, deadlineMs = DEADLINE_MS } = options;
  const isCompiled = (provider: RunnerProvider) => compiled.includes(provider);
  const known = (provider: RunnerProvider) => failed.find((one) => one.provider === provider);
  const worthTrying = rungs.filter((one) => one !== 'cpu' && isCompiled(one) && !known(one));
  const cpu =
    worthTrying.length === 0 ? null : await tryOn({ file, feeds, provider: 'cpu', times: TIMES }, deadlineMs);

  const ladder: RunnerRung[] = [];
  let found = false;
  let cpuWithFew: TrialResult | null = null;
  for (const provider of rungs) {
    const before = known(provider);
    if (provider === 'cpu') {
      const measured = cpu === null ? {} : { ms: cpu.ms, cpuMs: cpu.ms };
      ladder.push(rung('cpu', found ? 'untried' : 'used', null, measured));
    } else if (!isCompiled(provider)) {
      ladder.push(rung(provider, 'absent', fact('RUNNER_PROVIDER_ABSENT', { provider })));
    } else if (before !== undefined) ladder.push(before);
    else if (found || cpu === null) ladder.push(rung(provider, 'untried'));
    else {
      const judged = await tryOne(provider, cpu);
      found = judged.state === 'used';
      ladder.push(judged);
    }
  }
  return ladder;

  async function tryOne(provider: RunnerProvider, against: TrialResult): Promise<RunnerRung> {
    try {
      const early = fewFeeds === undefined ? null : await tryFew(provider, fewFeeds);
      if (early !== null) return early;
      const trial = await tryOn({ file, feeds, provider, times: TIMES }, deadlineMs);
      return judge(provider, trial, against, options);
    } catch (error) {
      return rung(provider, 'failed', failureOf(provider, error, deadlineMs));
    }
  }

  /** What a few values show already; null if that is not enough to judge it. */
  async function tryFew(provider: RunnerProvider, few: Feeds): Promise<RunnerRung | null> {
    cpuWithFew ??= await tryOn({ file, feeds: few, provider: 'cpu', times: TIMES }, deadlineMs);
    const trial = await tryOn({ file, feeds: few, provider, times: FEW_TIMES }, deadlineMs);
    const judged = judge(provider, trial, cpuWithFew, options);
    return judged.state === 'used' || (judged.state === 'slower' && !isFarSlower(judged)) ? null : judged;
  }
}

function failureOf(provider: RunnerProvider, error: unknown, deadlineMs: number): Message {
  if (error instanceof ProcessEnded) {
    if (error.reason === 'hung')
      return fact('RUNNER_PROVIDER_HUNG', { provider, seconds: Math.round(deadlineMs / 1000) });
    return fact('RUNNER_PROVIDER_CRASHED', { provider });
  }
  const reason = isPilotlightError(error) ? error.details?.reason : String(error);
  return typeof reason === 'string'
    ? fact('RUNNER_PROVIDER_FAILED', { provider, reason: plainReason(reason) })
    : plainText(String(error));
}
