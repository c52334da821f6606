/** What the Runner page says about a runner. Pure. */
import type { NodeState } from '../../../shared/models/fleet.ts';
import type { RunnerModel, RunnerRung, RunnerView } from '../../../shared/models/runner.ts';
import { providerNames } from '../../../shared/text/provider-names.ts';
import { formatDuration, formatPercent, formatRate } from '../../../shared/units.ts';

export type Condition =
  | 'off'
  | 'machine-off'
  | 'starting'
  | 'no-model'
  | 'gpu'
  | 'cpu'
  | 'fell-to-cpu'
  | 'gpu-lost'
  | 'resting'
  | 'unreachable'
  | 'failed';

const works = new Set<RunnerRung['state']>(['used', 'untried', 'absent']);

/** @param machine the state of its node; null for an address that belongs to none */
export function conditionOf(runner: RunnerView, machine: NodeState | null): Condition {
  const { state, status, problem, breaker } = runner;
  if (state === 'off' || state === 'starting' || state === 'failed') return state;
  if (state === 'unreachable') {
    const isOff = machine === 'off' || machine === 'waking';
    return isOff && problem === null ? 'machine-off' : 'unreachable';
  }
  if (problem?.code === 'RUNNER_GPU_LOST') return 'gpu-lost';
  if (breaker === 'open') return 'resting';
  if (status === null) return 'starting';
  if (status.models.length === 0) return 'no-model';
  if (status.provider !== 'cpu') return 'gpu';
  const tried = status.ladder.filter(({ provider }) => provider !== 'cpu');
  return tried.every(({ state: rung }) => works.has(rung)) ? 'cpu' : 'fell-to-cpu';
}

export const needsAttention = (condition: Condition): boolean =>
  /^(gpu-lost|resting|unreachable|failed)$/.test(condition);

/** @param folder the data folder of the program that started it; empty if an older version does not say */
export const sharedText = (folder: string): string =>
  `Started by another program of yours${folder === '' ? '' : `, with the data folder ${folder}`}. It serves both; the settings of that program apply.`;

export const isReady = ({ state }: Pick<RunnerView, 'state'>): boolean => state === 'ready';

/** The state in a few words, and what it means or what to do. */
export function conditionText(runner: RunnerView, condition: Condition): { label: string; about: string } {
  const isHere = runner.from === 'this-computer';
  switch (condition) {
    case 'off':
      return isHere
        ? { label: 'Off', about: 'It starts by itself when it is first needed.' }
        : { label: 'Off', about: 'It is not running on that machine.' };
    case 'machine-off':
      return { label: 'Machine off', about: 'It answers once its machine is awake.' };
    case 'starting':
      return { label: 'Starting', about: 'It is trying each way to run models on this machine.' };
    case 'no-model':
      return {
        label: 'No model yet',
        about: 'Add a folder with an ONNX model, or download one. Nothing is downloaded by itself.',
      };
    case 'gpu':
      return { label: `Ready on ${providerOf(runner)}`, about: '' };
    case 'cpu':
      return { label: 'Ready on the CPU', about: '' };
    case 'fell-to-cpu':
      return {
        label: 'Ready on the CPU',
        about: 'Each model runs where it is fastest and right. Here that is the CPU, for the reasons below.',
      };
    case 'gpu-lost':
      return { label: 'GPU lost', about: '' };
    case 'resting':
      return {
        label: 'Resting after failures',
        about: 'It failed repeatedly. It is tried again in a moment, and other runners take its work.',
      };
    case 'unreachable':
      return {
        label: 'Unreachable',
        about: runner.problem ? '' : 'It does not answer. Check that its machine is on, then its address.',
      };
    case 'failed':
      return { label: 'Failed', about: '' };
  }
}

const providerOf = ({ status }: RunnerView) => (status === null ? '' : providerNames[status.provider]);

/** Part of the graph that the provider in use really ran, 0 to 1; null if it was not measured. */
export function shareOf({ status }: Pick<RunnerView, 'status'>): number | null {
  if (status === null) return null;
  const shares = status.models
    .filter(({ state, provider }) => state === 'ready' && provider === status.provider)
    .flatMap(({ ladder }) => usedShare(ladder) ?? []);
  // The least of its models: "all of it" has to be true for each of them.
  return shares.length > 0 ? Math.min(...shares) : usedShare(status.ladder);
}

const usedShare = (ladder: readonly RunnerRung[]): number | null =>
  ladder.find(({ state }) => state === 'used')?.share ?? null;

const rungLabels: Readonly<Record<RunnerRung['state'], string>> = {
  used: 'used',
  slower: 'slower, not used',
  wrong: 'wrong results, not used',
  failed: 'failed',
  absent: 'not available',
  untried: 'not tried',
};

/** The CPU is always measured, as what the others are compared with. */
export const rungLabel = ({ state, ms }: Pick<RunnerRung, 'state' | 'ms'>): string =>
  state === 'untried' && ms !== null ? 'not needed' : rungLabels[state];

/** `2.1 ms`, `14 ms`; null if it was not measured. */
export function rungTime(ms: number | null): string | null {
  if (ms === null) return null;
  return ms < 10 ? `${ms.toFixed(1).replace(/\.0$/, '')} ms` : formatDuration(ms);
}

/** `3.9 × as fast as the CPU`; null where there is nothing to compare. */
export function speedText({ provider, ms, cpuMs }: RunnerRung): string | null {
  if (provider === 'cpu' || ms === null || cpuMs === null || ms <= 0) return null;
  const times = cpuMs / ms;
  const shown = times >= 9.95 ? Math.round(times).toString() : times.toFixed(1).replace(/\.0$/, '');
  return `${shown}× the CPU’s speed`;
}

export interface TargetText {
  name: string;
  value: string;
  goal: string;
  state: 'met' | 'missed' | 'unmeasured';
}

/** The four targets, in the order in which they are shown. */
export function targetTexts({ targets }: RunnerView['client']): TargetText[] {
  const text = (
    name: string,
    { value, met }: RunnerView['client']['targets']['gpu'],
    goal: string,
    format: (value: number) => string,
  ): TargetText => ({
    name,
    goal,
    value: value === null ? '–' : format(value),
    state: met === null ? 'unmeasured' : met ? 'met' : 'missed',
  });
  return [
    text('Success', targets.success, 'over 95%', exactPercent),
    text('95th percentile', targets.latency, 'under 500 ms', formatDuration),
    text('On the GPU', targets.gpu, 'over 80%', exactPercent),
    text('Fell back to CPU', targets.fallback, 'under 5%', exactPercent),
  ];
}

export const targetLabels: Readonly<Record<TargetText['state'], string>> = {
  met: 'met',
  missed: 'missed',
  unmeasured: 'not measured',
};

/** One decimal: 94.9% must not read as the 95% that it misses. */
function exactPercent(share: number): string {
  const percent = Math.floor(share * 1000) / 10;
  return `${percent}%`;
}

/** `812 items/s`: of texts and pictures alike. */
export const throughputText = (perSecond: number | null): string =>
  perSecond === null ? 'not measured' : formatRate(perSecond, 'items');

/** The histogram of the latency in a sentence. */
export function describeLatency({ histogram, latencyMs, batches }: RunnerView['client']): string {
  if (batches === 0 || latencyMs === null) return 'No batches in the last hour.';
  const fast = histogram
    .filter(({ belowMs }) => belowMs !== null && belowMs <= 500)
    .reduce((sum, { count }) => sum + count, 0);
  const all = histogram.reduce((sum, { count }) => sum + count, 0);
  const share = all === 0 ? '' : ` ${formatPercent(fast / all)} took less than 500 ms.`;
  return `Half of the batches took ${formatDuration(latencyMs.p50)} or less, 95% ${formatDuration(latencyMs.p95)} or less.${share}`;
}

export const kindLabels: Readonly<Record<RunnerModel['kind'], string>> = {
  text: 'Texts',
  faces: 'Faces',
  clip: 'Pictures and texts',
  speech: 'Speech',
};

export const modelStateLabels: Readonly<Record<RunnerModel['state'], string>> = {
  'on-disk': 'On disk',
  loading: 'Loading',
  ready: 'In memory',
  failed: 'Failed',
};

/** How long a model in memory stays there: `4 min 10 s`. Empty if it is in none. */
export function droppedIn(model: Pick<RunnerModel, 'state' | 'expiresAt'>, now: number): string {
  if (model.state !== 'ready') return '';
  if (model.expiresAt === null) return 'kept';
  const left = model.expiresAt - now;
  return left <= 0 ? 'now' : formatDuration(Math.ceil(left / 1000) * 1000);
}
