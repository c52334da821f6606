/**
 * The ledger's leases, the policy and "we woke it" at the agent of each node, so that they count when this computer
 * sleeps or is gone. Whatever fails is tried again; nobody waits for it.
 */

import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import type { LeaseRecord } from '../../../shared/models/power.ts';
import type { AgentAccess } from '../agents/agent-access.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { Policies } from '../policies/policies.ts';
import type { AgentLink, AgentPolicy } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random, Timer } from '../ports/time.ts';
import type { Turns } from '../runtime/turns.ts';
import type { WakeAttribution } from '../wake/wake-attribution.ts';
import type { LeaseLedger } from './lease-ledger.ts';

export interface Mirror {
  /** Whether the machine's agent holds that lease too. */
  isMirrored(leaseId: string): boolean;
  /** Something of a node is to be told to its agent. */
  sync(nodeId: string): void;
  /** Puts everything on the node's agent again. */
  renew(nodeId: string): void;
  /** The leases that the node's agent may hold. */
  laid(nodeId: string): string[];
  /** The node loses its agent: nothing more is put there, whatever is in flight or arrives late. */
  detach(nodeId: string): void;
  /** Everything is told anew, with the next contact or now: this computer slept. */
  resume(): void;
  onChange(listener: (nodeId: string) => void): () => void;
  /** Ends at the agents what has ended here, for a short while, then stops. */
  stop(): Promise<void>;
}

export interface MirrorDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  ledger: LeaseLedger;
  policies: Policies;
  agents: AgentAccess;
  attribution: WakeAttribution;
  /** Calls to one agent, by `sameServerKey` of its address. */
  turns: Turns;
  /** Where the node's agent is; null for a node that is not in the fleet, or has none. */
  agentUrl(nodeId: string): string | null;
  /** Under which name this panel's policy stands there. */
  panelId: string;
  holder(): string;
  policyFor(nodeId: string): AgentPolicy;
  /** Whether its agent has the power role. */
  hasPowerRole(nodeId: string): boolean;
}

/** A core that dies keeps no machine on for longer than this. */
const JOB_TTL_SECONDS = 120;
const JOB_RENEW_MS = 40_000;
/** A person's word holds when the panel is closed; agents take a day at most. */
const LONGEST_TTL_SECONDS = 86_400;
const PERSON_RENEW_MS = 3_600_000;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;
const STOP_MS = 2000;

interface Held {
  /** The agent has said yes; otherwise it may have it, and the answer was lost. */
  sure: boolean;
  /** Monotonic. */
  renewAt: number;
  endsAt: number;
}

interface NodeMirror {
  bootId: string | null;
  /** As it was when something of its agent changed last. */
  reachable: boolean;
  held: Map<string, Held>;
  /** As it was told in this contact. */
  policy: string | null;
  running: Promise<void> | null;
  again: boolean;
  failures: number;
  timer: Timer | null;
}

export function createMirror(dependencies: MirrorDependencies): Mirror {
  const { clock, random, log, ledger, agents, attribution, turns, panelId, holder } = dependencies;
  const { agentUrl, policyFor, hasPowerRole } = dependencies;
  const nodes = new Map<string, NodeMirror>();
  const changed = createEmitter<[nodeId: string]>({ name: 'mirror of leases', log });
  const stopping = new AbortController();
  let stopped = false;

  function mirrorOf(nodeId: string): NodeMirror {
    const known = nodes.get(nodeId);
    if (known) return known;
    const fresh: NodeMirror = {
      bootId: null,
      reachable: false,
      held: new Map(),
      policy: null,
      running: null,
      again: false,
      failures: 0,
      timer: null,
    };
    nodes.set(nodeId, fresh);
    return fresh;
  }

  /** Everything is told anew. */
  function forgetTold(mirror: NodeMirror): void {
    mirror.policy = null;
    mirror.failures = 0;
    for (const held of mirror.held.values()) held.renewAt = Number.NEGATIVE_INFINITY;
  }

  function reachable(nodeId: string): AgentLink | null {
    if (agents.view(nodeId)?.state !== 'ok' || !hasPowerRole(nodeId)) return null;
    return agents.link(nodeId);
  }

  async function put(link: AgentLink, mirror: NodeMirror, lease: LeaseRecord): Promise<boolean> {
    const before = mirror.held.get(lease.id);
    const { ttlSeconds, renewMs } = termOf(lease, clock.now());
    // The answer may be lost on the way: it is to be ended there all the same.
    if (!before) mirror.held.set(lease.id, mayBeHeld());
    const { id, purpose } = lease;
    await link.putLease({ id, holder: lease.holder, purpose, ttlSeconds }, stopping.signal);
    const now = clock.monotonic();
    const jittered = renewMs * (0.9 + 0.2 * random());
    mirror.held.set(id, { sure: true, renewAt: now + jittered, endsAt: now + ttlSeconds * 1000 });
    return before?.sure !== true;
  }

  /** Its node was not removed since, and has no other agent. */
  const isCurrent = (nodeId: string, mirror: NodeMirror) => nodes.get(nodeId) === mirror;

  /** They are ended like those of this core, and kept until that succeeded. */
  function noteOrphans(nodeId: string, mirror: NodeMirror): void {
    for (const id of ledger.takeOrphans(nodeId)) mirror.held.set(id, mayBeHeld());
  }

  /** Tells what is not told yet; true when what the agent decides may have changed by it. */
  async function tell(nodeId: string, link: AgentLink, mirror: NodeMirror): Promise<boolean> {
    const problems: unknown[] = [];
    let news = false;
    const attempt = async (work: () => Promise<boolean>) => {
      if (!isCurrent(nodeId, mirror)) return;
      try {
        news = (await work()) || news;
      } catch (error) {
        problems.push(error);
      }
    };
    const living = stopped ? [] : ledger.list(nodeId);
    const now = clock.monotonic();
    for (const lease of living) {
      const held = mirror.held.get(lease.id);
      const due = !held || held.renewAt <= now;
      // It may have ended while another one was put.
      if (due && ledger.get(lease.id) !== null) await attempt(() => put(link, mirror, lease));
    }
    // A policy says to an agent that lost its leases that all of them are there again.
    const mayBelieve = problems.length === 0 || agents.policyView(nodeId)?.incomplete !== true;
    const policy = policyFor(nodeId);
    const text = JSON.stringify(policy);
    if (!stopped && mayBelieve && mirror.policy !== text) {
      await attempt(async () => {
        await link.putPolicy(panelId, policy, stopping.signal);
        mirror.policy = text;
        return true;
      });
    }
    const { bootId } = mirror;
    if (!stopped && bootId !== null && attribution.isUnreported(nodeId)) {
      await attempt(async () => {
        await link.woken(bootId, holder(), stopping.signal);
        attribution.confirmed(nodeId, bootId);
        return true;
      });
    }
    if (!isCurrent(nodeId, mirror)) return news;
    noteOrphans(nodeId, mirror);
    const over = new Set(mirror.held.keys());
    for (const lease of ledger.list(nodeId)) over.delete(lease.id);
    for (const id of over) {
      await attempt(async () => {
        await link.endLease(id, stopping.signal);
        mirror.held.delete(id);
        return true;
      });
    }
    if (problems.length > 0) throw problems[0];
    return news;
  }

  function work(nodeId: string, mirror: NodeMirror): Promise<void> {
    const url = agentUrl(nodeId);
    if (url === null) return Promise.resolve();
    return turns.take(sameServerKey(url), () => workInTurn(nodeId, mirror));
  }

  async function workInTurn(nodeId: string, mirror: NodeMirror): Promise<void> {
    const link = isCurrent(nodeId, mirror) ? reachable(nodeId) : null;
    if (link === null) return;
    try {
      const news = await tell(nodeId, link, mirror);
      mirror.failures = 0;
      if (news) await agents.refresh(nodeId).catch(() => {});
    } catch (error) {
      if (stopping.signal.aborted || !isCurrent(nodeId, mirror)) return;
      mirror.failures += 1;
      const known = isPilotlightError(error);
      if (mirror.failures === 1 || !known) {
        log.warn('An agent could not be told everything; it is tried again.', {
          nodeId,
          error: known ? `${error.code}: ${error.message}` : String(error),
        });
      }
    }
    changed.emit(nodeId);
  }

  function schedule(nodeId: string, mirror: NodeMirror): void {
    mirror.timer?.cancel();
    mirror.timer = null;
    if (stopped || reachable(nodeId) === null) return;
    const now = clock.monotonic();
    if (mirror.failures > 0) {
      const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (mirror.failures - 1));
      mirror.timer = clock.timer(wait * (0.9 + 0.2 * random()), () => sync(nodeId));
      return;
    }
    const next = Math.min(...[...mirror.held.values()].map(({ renewAt }) => renewAt));
    if (Number.isFinite(next)) mirror.timer = clock.timer(Math.max(0, next - now), () => sync(nodeId));
  }

  function sync(nodeId: string): void {
    // Events of a removed node may still arrive; they put nothing on its agent.
    if (agentUrl(nodeId) === null) return;
    const mirror = mirrorOf(nodeId);
    if (mirror.running) {
      mirror.again = true;
      return;
    }
    mirror.running = work(nodeId, mirror)
      .catch((error: unknown) => log.error('The mirror of leases failed.', { nodeId, error: String(error) }))
      .finally(() => {
        mirror.running = null;
        if (!isCurrent(nodeId, mirror)) return;
        if (mirror.again) {
          mirror.again = false;
          sync(nodeId);
        } else schedule(nodeId, mirror);
      });
  }

  const stops = [
    ledger.onChange(sync),
    dependencies.policies.onChange(sync),
    agents.onChange((nodeId) => {
      if (agentUrl(nodeId) === null) return;
      const mirror = mirrorOf(nodeId);
      const before = mirror.reachable;
      mirror.reachable = reachable(nodeId) !== null;
      // What could not be told meanwhile waits for that.
      if (mirror.reachable && !before) sync(nodeId);
    }),
    agents.onReached((nodeId, { bootId }) => {
      if (agentUrl(nodeId) === null) return;
      const mirror = mirrorOf(nodeId);
      mirror.bootId = bootId;
      forgetTold(mirror);
      sync(nodeId);
    }),
  ];

  function renew(nodeId: string): void {
    const mirror = nodes.get(nodeId);
    if (mirror) forgetTold(mirror);
    sync(nodeId);
  }

  return {
    isMirrored(leaseId) {
      const nodeId = ledger.get(leaseId)?.nodeId;
      const held = nodeId === undefined ? undefined : nodes.get(nodeId)?.held.get(leaseId);
      return held?.sure === true && held.endsAt > clock.monotonic();
    },
    sync,
    renew,
    laid(nodeId) {
      const mirror = mirrorOf(nodeId);
      noteOrphans(nodeId, mirror);
      return [...new Set([...mirror.held.keys(), ...ledger.list(nodeId).map(({ id }) => id)])];
    },
    detach(nodeId) {
      nodes.get(nodeId)?.timer?.cancel();
      nodes.delete(nodeId);
    },
    resume() {
      for (const nodeId of nodes.keys()) renew(nodeId);
    },
    onChange: changed.on,
    async stop() {
      // Jobs have ended by now: a machine need not wait for its leases to run out.
      stopped = true;
      for (const stop of stops) stop();
      const timer = clock.timer(STOP_MS, () => stopping.abort(new DOMException('Stopping.', 'AbortError')));
      for (const [nodeId, mirror] of nodes) if (mirror.held.size > 0) sync(nodeId);
      await Promise.all(
        [...nodes.values()].map(async (mirror) => {
          while (mirror.running) await mirror.running;
          mirror.timer?.cancel();
        }),
      );
      timer.cancel();
      stopping.abort(new DOMException('Stopped.', 'AbortError'));
    },
  };
}

/** Whether the agent has taken it is not known. */
const mayBeHeld = (): Held => ({ sure: false, renewAt: Number.NEGATIVE_INFINITY, endsAt: 0 });

/** For how long an agent is asked to hold a lease, and when that is said again. */
export function termOf(
  { kind, until }: Pick<LeaseRecord, 'kind' | 'until'>,
  now: number,
): { ttlSeconds: number; renewMs: number } {
  if (kind !== 'person') return { ttlSeconds: JOB_TTL_SECONDS, renewMs: JOB_RENEW_MS };
  const left = until === null ? LONGEST_TTL_SECONDS : Math.ceil((until - now) / 1000);
  return { ttlSeconds: Math.min(LONGEST_TTL_SECONDS, Math.max(1, left)), renewMs: PERSON_RENEW_MS };
}
