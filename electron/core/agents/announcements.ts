/**
 * Listens to agents that announce that they are awake. The proof with the token authenticates the sender; boot id and
 * nonce protect against replay.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { helloProofText } from '../../../shared/contract/agent/hello.ts';
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { errorFact, fact, plainText } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { Log } from '../ports/log.ts';
import type { AnnouncementListener } from '../ports/network.ts';

export type Announcement = Parameters<Parameters<AnnouncementListener['open']>[1]>[0];

/** A node whose agent may announce itself. */
export interface KnownAgent {
  nodeId: string;
  /** null before the first contact, and for an older agent. */
  agentId: string | null;
  token: string;
}

export interface Announcements {
  /** The node was reached in this boot: announcements from earlier boots are stale. */
  reached(nodeId: string, bootId: string): void;
  forget(nodeId: string): void;
  start(): void;
  stop(): Promise<void>;
}

export interface AnnouncementsDependencies {
  log: Log;
  listener: AnnouncementListener;
  settings: {
    current(): Settings;
    onChange(listener: (settings: Settings, previous: Settings) => void): () => void;
  };
  activity: { record(entry: NewActivityEntry): void };
  knownAgents(): KnownAgent[];
  /** Called when the node's machine has announced itself. */
  onAwake(nodeId: string): void;
}

const MOST_NONCES = 2000;
const MOST_BOOTS = 50;

/** The proof that only an agent with this token can compute. */
export function announcementProof(token: string, announcement: Omit<Announcement, 'proof'>): string {
  return createHmac('sha256', token).update(helloProofText(announcement)).digest('hex');
}

/** The sender of an announcement; null if no known token matches its proof. */
export function identifySender(
  announcement: Announcement,
  knownAgents: readonly KnownAgent[],
): KnownAgent | null {
  const known = knownAgents.filter(({ agentId }) => agentId === announcement.agent);
  const proof = Buffer.from(announcement.proof);
  for (const sender of known.length > 0 ? known : knownAgents) {
    const expected = Buffer.from(announcementProof(sender.token, announcement));
    if (expected.length === proof.length && timingSafeEqual(expected, proof)) return sender;
  }
  return null;
}

export function createAnnouncements(dependencies: AnnouncementsDependencies): Announcements {
  const { log, listener, settings, activity, knownAgents, onAwake } = dependencies;
  /** Nonces of authenticated announcements only, so that nobody else can fill it; oldest first. */
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

  /** A replay, or from an earlier boot. */
  function isStale(nodeId: string, { bootId, nonce }: Announcement): boolean {
    if (nonces.has(nonce)) return true;
    return boots.get(nodeId)?.slice(0, -1).includes(bootId) ?? false;
  }

  function hear(announcement: Announcement): void {
    const sender = identifySender(announcement, knownAgents());
    if (sender === null || isStale(sender.nodeId, announcement)) {
      log.debug('An announcement was ignored.', { agent: announcement.agent, known: sender !== null });
      return;
    }
    nonces.add(announcement.nonce);
    const oldest = nonces.size > MOST_NONCES ? nonces.values().next().value : undefined;
    if (oldest !== undefined) nonces.delete(oldest);
    remember(sender.nodeId, announcement.bootId);
    onAwake(sender.nodeId);
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
