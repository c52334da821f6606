/** The state of a node after a probe. Pure: (before, probe result, circumstances) → after. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeState, Trouble } from '../../../shared/models/fleet.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { troubleOf } from '../runtime/trouble.ts';
import {
  type GpuEvidence,
  type GpuState,
  type GpuVerdict,
  gpuStateAway,
  initialGpuState,
  nextGpuState,
  withVerdict,
} from './gpu-state.ts';

/** What one probe of a node found. */
export type ProbeResult =
  | { kind: 'healthy'; loaded: readonly LoadedModel[] }
  /** Something answers over HTTP, but incorrectly. */
  | { kind: 'wrong'; trouble: Trouble }
  /** The host is on, but no server answers on the port: the connection is refused, or silent after connecting. */
  | { kind: 'no-server'; trouble: Trouble; refused?: boolean }
  /** Nothing answers at all. `trouble` only if the silence has another cause than sleep. */
  | { kind: 'silent'; reason: Message; trouble: Trouble | null; refused?: boolean };

export interface Observation {
  state: NodeState;
  /** Since when it is in this state, milliseconds since the epoch. */
  since: number;
  trouble: Trouble | null;
  /** Consecutive probes that did not confirm the state. */
  misses: number;
  /** When the first of them was. */
  missedAt: number;
  lastSeenAt: number | null;
  gpu: GpuState;
  /** Why it went off, or null. */
  offReason: Message | null;
}

export interface Circumstances extends Partial<Omit<GpuEvidence, 'now' | 'loaded' | 'wasAway'>> {
  now: number;
  /** Pilotlight is waking it, so silence is expected. */
  waking: boolean;
}

/** Consecutive misses after which a node counts as unreachable; one alone may be a lost packet. */
export const MISSES_UNTIL_OFF = 2;
/** Probes closer together count as one: a server that is restarted refuses connections for a moment. */
const MISS_SPACING_MS = 500;

export function initialObservation(now: number): Observation {
  return {
    state: 'unknown',
    since: now,
    trouble: null,
    misses: 0,
    missedAt: now,
    lastSeenAt: null,
    gpu: initialGpuState,
    offReason: null,
  };
}

export function nextObservation(
  previous: Observation,
  result: ProbeResult,
  circumstances: Circumstances,
): Observation {
  switch (result.kind) {
    case 'healthy':
      return afterHealthy(previous, result.loaded, circumstances);
    case 'wrong':
    case 'no-server':
      return circumstances.waking
        ? afterAnswerWhileWaking(previous, circumstances)
        : afterMiss(previous, result, circumstances);
    case 'silent':
      return circumstances.waking
        ? afterSilenceWhileWaking(previous, circumstances)
        : afterMiss(previous, result, circumstances);
  }
}

function afterHealthy(
  previous: Observation,
  loaded: readonly LoadedModel[],
  circumstances: Circumstances,
): Observation {
  const { now } = circumstances;
  const gpu = nextGpuState(previous.gpu, {
    usedBytes: null,
    found: null,
    tools: { kind: 'unknown' },
    process: 'unknown',
    hasGpu: false,
    ...circumstances,
    loaded,
    wasAway: !isUp(previous.state) && previous.state !== 'trouble',
  });
  return { ...enter(previous, servingState(gpu), now), lastSeenAt: now, gpu };
}

const servingState = ({ verified }: GpuState): NodeState => (verified ? 'gpu-verified' : 'serving');

/** Something answers while it is being woken: it is booting, whatever the answer says. */
function afterAnswerWhileWaking(previous: Observation, { now }: Circumstances): Observation {
  if (isUp(previous.state)) return { ...previous, misses: previous.misses + 1 };
  return { ...enter(previous, 'booting', now), lastSeenAt: now };
}

function afterSilenceWhileWaking(previous: Observation, { now }: Circumstances): Observation {
  // A host that answered and fell silent is still booting; its network may come and go.
  return previous.state === 'booting' ? previous : enter(previous, 'waking', now);
}

function afterMiss(
  previous: Observation,
  result: Exclude<ProbeResult, { kind: 'healthy' }>,
  { now }: Circumstances,
): Observation {
  const again = previous.misses > 0 && now - previous.missedAt < MISS_SPACING_MS && isUp(previous.state);
  const misses = again ? previous.misses : previous.misses + 1;
  const missedAt = previous.misses === 0 ? now : previous.missedAt;
  const target: NodeState = result.kind === 'silent' ? 'off' : 'trouble';
  const { trouble } = result;
  const lastSeenAt = result.kind === 'silent' ? previous.lastSeenAt : now;
  if (previous.state === target && sameTrouble(previous.trouble, trouble))
    return { ...previous, misses, lastSeenAt };
  if (needsSecondMiss(previous.state, result) && misses < MISSES_UNTIL_OFF)
    return { ...previous, misses, missedAt };
  return {
    ...enter(previous, target, now),
    misses,
    trouble,
    lastSeenAt,
    gpu: target === 'off' ? gpuStateAway(previous.gpu) : previous.gpu,
    offReason: result.kind === 'silent' ? result.reason : null,
  };
}

/** Whether one miss is not enough: for a node that answered before, or is starting slowly. */
function needsSecondMiss(state: NodeState, result: ProbeResult): boolean {
  if (state === 'unknown') return result.kind === 'no-server' && result.trouble.code === 'HOST_TIMEOUT';
  return (
    isUp(state) ||
    state === 'booting' ||
    state === 'waking' ||
    (state === 'trouble' && result.kind === 'silent')
  );
}

const isUp = (state: NodeState) => state === 'serving' || state === 'gpu-verified';

/** Applies what placement found about the GPU. */
export function withGpuVerdict(observation: Observation, verdict: GpuVerdict, now: number): Observation {
  if (!isUp(observation.state)) return observation;
  const gpu = withVerdict(observation.gpu, verdict, now);
  return { ...enter(observation, servingState(gpu), now), gpu };
}

export function beginWaking(observation: Observation, now: number): Observation {
  return isUp(observation.state) ? observation : { ...enter(observation, 'waking', now), misses: 0 };
}

/** The wake ended: a node that is not up counts as off until a probe says otherwise. */
export function endWaking(observation: Observation, now: number): Observation {
  return observation.state === 'waking' || observation.state === 'booting'
    ? enter(observation, 'off', now)
    : observation;
}

function enter(previous: Observation, state: NodeState, now: number): Observation {
  const same = previous.state === state;
  return {
    ...previous,
    state,
    since: same ? previous.since : now,
    misses: 0,
    trouble: null,
    offReason: null,
  };
}

function sameTrouble(one: Trouble | null, other: Trouble | null): boolean {
  return one?.code === other?.code && one?.message === other?.message;
}

/** Messages for each kind of target. */
const probed = {
  server: {
    refused: { message: fact('NO_SERVER_ON_PORT'), next: fact('START_OLLAMA') },
    silent: { message: fact('SERVER_SILENT'), next: fact('RESTART_OLLAMA') },
  },
  agent: {
    refused: { message: fact('NO_AGENT_ON_PORT'), next: fact('START_AGENT') },
    silent: { message: fact('AGENT_CONNECTION_SILENT'), next: fact('RESTART_AGENT') },
  },
} as const;

/**
 * What a failed probe means. `localHost`: the host is this computer, so "refused" says nothing about a machine
 * behind it (a simulated machine that is asleep refuses, too).
 */
export function readFailure(
  error: PilotlightError,
  localHost: boolean,
  what: keyof typeof probed = 'server',
): ProbeResult {
  const { phase, reason } = error.details ?? {};
  const known = probed[what];
  switch (error.code) {
    case 'HOST_UNREACHABLE':
      if (reason === 'refused' && !localHost) {
        return {
          kind: 'no-server',
          trouble: troubleOf(new PilotlightError(error.code, known.refused)),
          refused: true,
        };
      }
      if (reason === 'secure-connection') return { kind: 'wrong', trouble: troubleOf(error) };
      return {
        kind: 'silent',
        reason: errorMessage(error),
        trouble: null,
        ...(reason === 'refused' ? { refused: true } : {}),
      };
    case 'HOST_TIMEOUT':
      if (phase !== 'answer') return { kind: 'silent', reason: errorMessage(error), trouble: null };
      return {
        kind: 'no-server',
        trouble: troubleOf(new PilotlightError(error.code, known.silent)),
      };
    case 'NAME_NOT_RESOLVED':
      // A machine that announces its own name loses it while asleep, but it may also be a typo.
      return { kind: 'silent', reason: errorMessage(error), trouble: troubleOf(error) };
    default:
      return { kind: 'wrong', trouble: troubleOf(error) };
  }
}
