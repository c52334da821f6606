/** Agents that say "I am awake": who it was is proved by the token, that it is of now by the boot and the nonce. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { helloProofText } from '../../../shared/contract/agent/hello.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { errorFact, fact, plainText } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { Log } from '../ports/log.ts';
import type { HelloListener } from '../ports/network.ts';

export type Hello = Parameters<Parameters<HelloListener['open']>[1]>[0];

/** A node whose agent may say hello. */
export interface Greeter {
  nodeId: string;
  /** Of its agent; null before the first contact, and for an older one. */
  agentId: string | null;
  token: string;
}

export interface HelloDesk {
  /** The node was reached in this run of its machine: what it said in runs before is over. */
  reached(nodeId: string, bootId: string): void;
  forget(nodeId: string): void;
  start(): void;
  stop(): Promise<void>;
}

export interface HelloDeskDependencies {
  log: Log;
  listener: HelloListener;
  settings: {
    current(): Settings;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: { record(entry: NewActivityEntry): void };
  greeters(): Greeter[];
  /** The machine of this node is awake now. */
  onAwake(nodeId: string): void;
}

const MOST_NONCES = 2000;
const MOST_BOOTS = 50;

/** The proof that only an agent with this token can give. */
export function helloProof(token: string, hello: Omit<Hello, 'proof'>): string {
  return createHmac('sha256', token).update(helloProofText(hello)).digest('hex');
}

/** Who said it; null for somebody without a token of ours. */
export function findGreeter(hello: Hello, greeters: readonly Greeter[]): Greeter | null {
  const known = greeters.filter(({ agentId }) => agentId === hello.agent);
  const proof = Buffer.from(hello.proof);
  for (const greeter of known.length > 0 ? known : greeters) {
    const expected = Buffer.from(helloProof(greeter.token, hello));
    if (expected.length === proof.length && timingSafeEqual(expected, proof)) return greeter;
  }
  return null;
}

export function createHelloDesk(dependencies: HelloDeskDependencies): HelloDesk {
  const { log, listener, settings, activity, greeters, onAwake } = dependencies;
  /** Of proved hellos only, so that nobody else fills it; oldest first. */
  const nonces = new Set<string>();
  /** Boots by node, the newest last. */
  const boots = new Map<string, string[]>();
  let queue: Promise<void> = Promise.resolve();
  let unsubscribe: (() => void) | null = null;

  function remember(nodeId: string, bootId: string): void {
    const known = boots.get(nodeId) ?? [];
    if (known.at(-1) === bootId) return;
    boots.set(nodeId, [...known.filter((one) => one !== bootId), bootId].slice(-MOST_BOOTS));
  }

  /** Said again by somebody who only heard it, or from a run of the machine that is over. */
  function isStale(nodeId: string, { bootId, nonce }: Hello): boolean {
    if (nonces.has(nonce)) return true;
    return boots.get(nodeId)?.slice(0, -1).includes(bootId) ?? false;
  }

  function hear(hello: Hello): void {
    const greeter = findGreeter(hello, greeters());
    if (greeter === null || isStale(greeter.nodeId, hello)) {
      log.debug('A hello was not taken.', { agent: hello.agent, known: greeter !== null });
      return;
    }
    nonces.add(hello.nonce);
    const oldest = nonces.size > MOST_NONCES ? nonces.values().next().value : undefined;
    if (oldest !== undefined) nonces.delete(oldest);
    remember(greeter.nodeId, hello.bootId);
    onAwake(greeter.nodeId);
  }

  function listen(port: number | null): void {
    queue = queue
      .then(() => (port === null ? listener.close() : listener.open(port, hear)))
      .catch((error: unknown) => {
        log.warn('Agents cannot announce themselves.', { port, error: String(error) });
        activity.record({
          kind: 'power',
          severity: 'warning',
          message: fact('AGENTS_CANNOT_ANNOUNCE'),
          why: isPilotlightError(error) ? errorFact(error) : plainText(String(error)),
        });
      });
  }

  return {
    reached: remember,
    forget: (nodeId) => void boots.delete(nodeId),
    start() {
      if (unsubscribe) return;
      unsubscribe = settings.onChange((next, previous) => {
        if (next.power.helloPort !== previous.power.helloPort) listen(next.power.helloPort);
      });
      const { helloPort } = settings.current().power;
      if (helloPort !== null) listen(helloPort);
    },
    async stop() {
      unsubscribe?.();
      unsubscribe = null;
      listen(null);
      await queue;
    },
  };
}
