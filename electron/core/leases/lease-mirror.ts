/**
 * Mirrors leases, policy and wake attribution to the agent of each node, so that they apply while this computer is asleep
 * or off. Failures are retried in the background.
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

export interface LeaseMirror {
  /** Whether the node's agent holds that lease, too. */
  isMirrored(leaseId: string): boolean;
  /** Sends what has changed to the node's agent. */
  sync(nodeId: string): void;
  /** Sends everything to the node's agent again. */
  renew(nodeId: string): void;
  /** Ids of the leases that the node's agent may hold. */
  mayHold(nodeId: string): string[];
  /** The node is losing its agent: nothing more is sent there, even by calls in flight. */
  detach(nodeId: string): void;
  /** This computer slept: everything is sent again, now or with the next contact. */
  resume(): void;
  onChange(listener: (nodeId: string) => void): () => void;
  /** Ends leases at the agents that have ended here, within a short deadline, then stops. */
  stop(): Promise<void>;
}

export interface LeaseMirrorDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  ledger: LeaseLedger;
  policies: Policies;
  agents: AgentAccess;
  attribution: WakeAttribution;
  /** Calls to one agent, by `sameServerKey` of its address. */
  turns: Turns;
  /** Address of the node's agent; null if the node is unknown or has none. */
  agentUrl(nodeId: string): string | null;
  /** The id of this panel's policy at agents. */
  panelId: string;
  holder(): string;
  policyFor(nodeId: string): AgentPolicy;
  /** Whether its agent has the power role. */
  hasPowerRole(nodeId: string): boolean;
}

/** A core that crashes keeps no machine on for longer than this. */
const JOB_TTL_SECONDS = 120;
const JOB_RENEW_MS = 40_000;
/** A person's lease outlives the panel; agents accept a day at most. */
const LONGEST_TTL_SECONDS = 86_400;
const PERSON_RENEW_MS = 3_600_000;
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;
const STOP_MS = 2000;

interface MirroredLease {
  /** The agent has accepted it. If false, it may hold the lease although the answer was lost. */
  confirmed: boolean;
  /** Monotonic. */
  renewAt: number;
  endsAt: number;
}

interface NodeMirror {
  bootId: string | null;
  /** As of the last change of its agent. */
  reachable: boolean;
  held: Map<string, MirroredLease>;
  /** The policy sent in this contact, as JSON. */
  policy: string | null;
  running: Promise<void> | null;
  again: boolean;
  failures: number;
  timer: Timer | null;
}

export function createLeaseMirror(dependencies: LeaseMirrorDependencies): LeaseMirror {
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

  /** Everything is sent again. */
  function markStale(mirror: NodeMirror): void {
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
    // The answer may be lost, and the lease must be ended there even then.
    if (!before) mirror.held.set(lease.id, unconfirmed());
    const { id, purpose } = lease;
    await link.putLease({ id, holder: lease.holder, purpose, ttlSeconds }, stopping.signal);
    const now = clock.monotonic();
    const jittered = renewMs * (0.9 + 0.2 * random());
    mirror.held.set(id, { confirmed: true, renewAt: now + jittered, endsAt: now + ttlSeconds * 1000 });
    return before?.confirmed !== true;
  }

  /** False once the node was removed or has another agent. */
  const isCurrent = (nodeId: string, mirror: NodeMirror) => nodes.get(nodeId) === mirror;

  /** Leases of an earlier core are ended like those of this one, and retried until that succeeds. */
  function adoptOrphans(nodeId: string, mirror: NodeMirror): void {
    for (const id of ledger.takeOrphans(nodeId)) mirror.held.set(id, unconfirmed());
  }

  /** Sends what has not been sent; true if that may have changed what the agent decides. */
  async function push(nodeId: string, link: AgentLink, mirror: NodeMirror): Promise<boolean> {
    const problems: unknown[] = [];
    let changedThere = false;
    const attempt = async (step: () => Promise<boolean>) => {
      if (!isCurrent(nodeId, mirror)) return;
      try {
        changedThere = (await step()) || changedThere;
      } catch (error) {
        problems.push(error);
      }
    };
    const living = stopped ? [] : ledger.list(nodeId);
    const now = clock.monotonic();
    for (const lease of living) {
      const held = mirror.held.get(lease.id);
      const due = !held || held.renewAt <= now;
      // It may have ended while another was being put.
      if (due && ledger.get(lease.id) !== null) await attempt(() => put(link, mirror, lease));
    }
    // After losing its leases, an agent takes a policy to mean that all of them are back.
    const mayPutPolicy = problems.length === 0 || agents.policyView(nodeId)?.incomplete !== true;
    const policy = policyFor(nodeId);
    const text = JSON.stringify(policy);
    if (!stopped && mayPutPolicy && mirror.policy !== text) {
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
    if (!isCurrent(nodeId, mirror)) return changedThere;
    adoptOrphans(nodeId, mirror);
    const ended = new Set(mirror.held.keys());
    for (const lease of ledger.list(nodeId)) ended.delete(lease.id);
    for (const id of ended) {
      await attempt(async () => {
        await link.endLease(id, stopping.signal);
        mirror.held.delete(id);
        return true;
      });
    }
    if (problems.length > 0) throw problems[0];
    return changedThere;
  }

  function sendAll(nodeId: string, mirror: NodeMirror): Promise<void> {
    const url = agentUrl(nodeId);
    if (url === null) return Promise.resolve();
    return turns.take(sameServerKey(url), () => sendInTurn(nodeId, mirror));
  }

  async function sendInTurn(nodeId: string, mirror: NodeMirror): Promise<void> {
    const link = isCurrent(nodeId, mirror) ? reachable(nodeId) : null;
    if (link === null) return;
    try {
      const changedThere = await push(nodeId, link, mirror);
      mirror.failures = 0;
      if (changedThere) await agents.refresh(nodeId).catch(() => {});
    } catch (error) {
      if (stopping.signal.aborted || !isCurrent(nodeId, mirror)) return;
      mirror.failures += 1;
      const known = isPilotlightError(error);
      if (mirror.failures === 1 || !known) {
        log.warn('An agent could not be updated; will retry.', {
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
    // Late events of a removed node are ignored.
    if (agentUrl(nodeId) === null) return;
    const mirror = mirrorOf(nodeId);
    if (mirror.running) {
      mirror.again = true;
      return;
    }
    mirror.running = sendAll(nodeId, mirror)
      .catch((error: unknown) => log.error('Leases could not be mirrored.', { nodeId, error: String(error) }))
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
      // Sends what could not be sent while it was unreachable.
      if (mirror.reachable && !before) sync(nodeId);
    }),
    agents.onReached((nodeId, { bootId }) => {
      if (agentUrl(nodeId) === null) return;
      const mirror = mirrorOf(nodeId);
      mirror.bootId = bootId;
      markStale(mirror);
      sync(nodeId);
    }),
  ];

  function renew(nodeId: string): void {
    const mirror = nodes.get(nodeId);
    if (mirror) markStale(mirror);
    sync(nodeId);
  }

  return {
    isMirrored(leaseId) {
      const nodeId = ledger.get(leaseId)?.nodeId;
      const held = nodeId === undefined ? undefined : nodes.get(nodeId)?.held.get(leaseId);
      return held?.confirmed === true && held.endsAt > clock.monotonic();
    },
    sync,
    renew,
    mayHold(nodeId) {
      const mirror = mirrorOf(nodeId);
      adoptOrphans(nodeId, mirror);
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
      // Jobs have ended by now, so their leases need not wait to expire.
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

/** The agent may hold it. */
const unconfirmed = (): MirroredLease => ({ confirmed: false, renewAt: Number.NEGATIVE_INFINITY, endsAt: 0 });

/** How long an agent is asked to hold a lease, and when it is renewed. */
export function termOf(
  { kind, until }: Pick<LeaseRecord, 'kind' | 'until'>,
  now: number,
): { ttlSeconds: number; renewMs: number } {
  if (kind !== 'person') return { ttlSeconds: JOB_TTL_SECONDS, renewMs: JOB_RENEW_MS };
  const left = until === null ? LONGEST_TTL_SECONDS : Math.ceil((until - now) / 1000);
  return { ttlSeconds: Math.min(LONGEST_TTL_SECONDS, Math.max(1, left)), renewMs: PERSON_RENEW_MS };
}
