/** How a node's state follows from what a look saw. Pure: (before, look, circumstances) → after. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeState, Trouble } from '../../../shared/models/fleet.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { LoadedModel } from '../../../shared/models/placement.ts';
import { troubleOf } from '../runtime/trouble.ts';

/** What one look at a node saw. */
export type LookResult =
  | { kind: 'healthy'; loaded: readonly LoadedModel[] }
  /** Something answers over HTTP, but not as it should. */
  | { kind: 'wrong'; trouble: Trouble }
  /** The host is on, but no server answers on its port: refused, or connected and then silent. */
  | { kind: 'no-server'; trouble: Trouble }
  /** Nothing answers at all. `trouble` only where silence has another cause than sleep. */
  | { kind: 'silent'; reason: Message; trouble: Trouble | null };

export interface Sight {
  state: NodeState;
  /** Since when it is in this state, milliseconds since the epoch. */
  since: number;
  trouble: Trouble | null;
  /** Looks in a row that did not see what the state says. */
  misses: number;
  lastSeenAt: number | null;
  /** A loaded model was once seen in VRAM, or its tools showed a GPU: it has one. */
  sawVram: boolean;
  /** Placement found that the server's word on VRAM is not to be trusted; cleared when the machine goes off. */
  gpuDoubted: boolean;
  /** Why it went off, or null. */
  offReason: Message | null;
}

export interface Circumstances {
  now: number;
  /** Pilotlight is waking it: silence is then what is expected. */
  waking: boolean;
  /** What its agent says of Ollama and the GPU; null or left out where nobody says. */
  gpuFound?: boolean | null;
  /** Its own tools show a GPU. */
  gpuSeen?: boolean;
}

/** Misses in a row after which a node that answered is said to be gone: one lost packet is no news. */
export const MISSES_UNTIL_GONE = 2;

export function initialSight(now: number): Sight {
  return {
    state: 'unknown',
    since: now,
    trouble: null,
    misses: 0,
    lastSeenAt: null,
    sawVram: false,
    gpuDoubted: false,
    offReason: null,
  };
}

export function nextSight(previous: Sight, look: LookResult, circumstances: Circumstances): Sight {
  switch (look.kind) {
    case 'healthy':
      return seenHealthy(previous, look.loaded, circumstances);
    case 'wrong':
    case 'no-server':
      return circumstances.waking
        ? seenBooting(previous, circumstances)
        : missed(previous, look, circumstances);
    case 'silent':
      return circumstances.waking
        ? seenAsleep(previous, circumstances)
        : missed(previous, look, circumstances);
  }
}

function seenHealthy(
  previous: Sight,
  loaded: readonly LoadedModel[],
  { now, gpuFound = null, gpuSeen = false }: Circumstances,
): Sight {
  const vramInUse = loaded.some((model) => model.vramBytes > 0);
  const before = previous.state === 'gpu-verified' && gpuFound !== false;
  const verified = !previous.gpuDoubted && (vramInUse || gpuFound === true || before);
  const state: NodeState = verified ? 'gpu-verified' : 'serving';
  return {
    ...enter(previous, state, now),
    lastSeenAt: now,
    sawVram: previous.sawVram || vramInUse || gpuFound === true || gpuSeen,
  };
}

/** Something answers while it is being woken: it comes up, and whatever it says is not the last word. */
function seenBooting(previous: Sight, { now }: Circumstances): Sight {
  if (isUp(previous.state)) return { ...previous, misses: previous.misses + 1 };
  return { ...enter(previous, 'booting', now), lastSeenAt: now };
}

function seenAsleep(previous: Sight, { now }: Circumstances): Sight {
  // A host that answered once and pauses is still booting; drivers and network come and go.
  return previous.state === 'booting' ? previous : enter(previous, 'waking', now);
}

function missed(
  previous: Sight,
  look: Exclude<LookResult, { kind: 'healthy' }>,
  { now }: Circumstances,
): Sight {
  const misses = previous.misses + 1;
  const target: NodeState = look.kind === 'silent' ? 'off' : 'trouble';
  const { trouble } = look;
  const lastSeenAt = look.kind === 'silent' ? previous.lastSeenAt : now;
  if (previous.state === target && sameTrouble(previous.trouble, trouble))
    return { ...previous, misses, lastSeenAt };
  if (holdsOn(previous.state, look) && misses < MISSES_UNTIL_GONE) return { ...previous, misses };
  return {
    ...enter(previous, target, now),
    misses,
    trouble,
    lastSeenAt,
    gpuDoubted: target === 'off' ? false : previous.gpuDoubted,
    offReason: look.kind === 'silent' ? look.reason : null,
  };
}

/** What is not believed at the first miss: that something which answered is gone, or that a slow start is trouble. */
function holdsOn(state: NodeState, look: LookResult): boolean {
  if (state === 'unknown') return look.kind === 'no-server' && look.trouble.code === 'HOST_TIMEOUT';
  return (
    isUp(state) ||
    state === 'booting' ||
    state === 'waking' ||
    (state === 'trouble' && look.kind === 'silent')
  );
}

const isUp = (state: NodeState) => state === 'serving' || state === 'gpu-verified';

/** Placement looked closer than a look can. */
export function withGpuVerdict(sight: Sight, verdict: 'verified' | 'not-checked', now: number): Sight {
  if (!isUp(sight.state)) return sight;
  const verified = verdict === 'verified';
  return {
    ...enter(sight, verified ? 'gpu-verified' : 'serving', now),
    sawVram: sight.sawVram || verified,
    gpuDoubted: !verified,
  };
}

export function beginWaking(sight: Sight, now: number): Sight {
  return isUp(sight.state) ? sight : { ...enter(sight, 'waking', now), misses: 0 };
}

/** Pilotlight gave up, or was told to: what is not up is off, until a look sees more. */
export function endWaking(sight: Sight, now: number): Sight {
  return sight.state === 'waking' || sight.state === 'booting' ? enter(sight, 'off', now) : sight;
}

function enter(previous: Sight, state: NodeState, now: number): Sight {
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

/** What was probed, in its trouble. */
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
 * What a failed look says. `localHost`: the host is this computer, so "refused" says nothing about a machine
 * behind it (a simulated one that sleeps refuses as well).
 */
export function readFailure(
  error: PilotlightError,
  localHost: boolean,
  what: keyof typeof probed = 'server',
): LookResult {
  const { phase, reason } = error.details ?? {};
  const known = probed[what];
  switch (error.code) {
    case 'HOST_UNREACHABLE':
      if (reason === 'refused' && !localHost) {
        return {
          kind: 'no-server',
          trouble: troubleOf(new PilotlightError(error.code, known.refused)),
        };
      }
      if (reason === 'secure-connection') return { kind: 'wrong', trouble: troubleOf(error) };
      return { kind: 'silent', reason: errorMessage(error), trouble: null };
    case 'HOST_TIMEOUT':
      if (phase !== 'answer') return { kind: 'silent', reason: errorMessage(error), trouble: null };
      return {
        kind: 'no-server',
        trouble: troubleOf(new PilotlightError(error.code, known.silent)),
      };
    case 'NAME_NOT_RESOLVED':
      // A machine that announces its own name loses it while it sleeps, but it may also be a slip of the pen.
      return { kind: 'silent', reason: errorMessage(error), trouble: troubleOf(error) };
    default:
      return { kind: 'wrong', trouble: troubleOf(error) };
  }
}
