/** The agents of all nodes: one contact for each, which follows the state of its node. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { createEmitter } from '../../../shared/emitter.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { FleetService } from '../fleet/service.ts';
import { sameServerKey } from '../fleet/validate.ts';
import type { ConnectAgent } from '../ports/agents.ts';
import type { Log } from '../ports/log.ts';
import type { AnnouncementListener } from '../ports/network.ts';
import type { Clock, Random } from '../ports/time.ts';
import { type AnnouncementsDependencies, createAnnouncements } from './announcements.ts';
import { type Contact, createContact, type Presence } from './contact.ts';
import type { AgentsService } from './model.ts';
import { createPairedTokens, readPairing } from './pairing.ts';

export interface AgentsDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  fleet: Pick<FleetService, 'list' | 'get' | 'agentToken' | 'onChange' | 'probeSoon' | 'update'>;
  connectAgent: ConnectAgent;
  announcementListener: AnnouncementListener;
  settings: AnnouncementsDependencies['settings'];
  activity: AnnouncementsDependencies['activity'];
  /** The name under which agents know this panel. */
  panelName(): string;
}

export function createAgentsService(dependencies: AgentsDependencies): AgentsService {
  const { clock, random, log, fleet, connectAgent, panelName } = dependencies;
  const contacts = new Map<string, Contact>();
  const changed = createEmitter<Parameters<Parameters<AgentsService['onChange']>[0]>>({
    name: 'agents',
    log,
  });
  const reached = createEmitter<Parameters<Parameters<AgentsService['onReached']>[0]>>({
    name: 'agents',
    log,
  });
  const leaseEnded = createEmitter<Parameters<Parameters<AgentsService['onLeaseEnded']>[0]>>({
    name: 'agents',
    log,
  });
  const paired = createPairedTokens({ clock });
  const ending = new Set<Promise<void>>();
  let unsubscribe: (() => void) | null = null;
  let paused = false;
  const announcements = createAnnouncements({
    ...dependencies,
    listener: dependencies.announcementListener,
    knownAgents: () =>
      [...contacts].flatMap(([nodeId, { token, health }]) =>
        token === null ? [] : { nodeId, token, agentId: health()?.id ?? null },
      ),
    onAwake(nodeId) {
      fleet.probeSoon(nodeId);
      contacts.get(nodeId)?.retryNow();
    },
  });

  function create(node: NodeView, url: string): Contact {
    const { id } = node;
    let reported = '';
    const contact = createContact({
      nodeId: id,
      url,
      token: fleet.agentToken(id),
      connectAgent,
      clock,
      random,
      log,
      onChange() {
        if (contacts.get(id) !== contact) return;
        const report = contact.serverReport();
        const next = report === null ? reported : JSON.stringify([contact.gpuFound(), report]);
        const isNew = next !== reported && (reported !== '' || contact.gpuFound() !== null);
        reported = next;
        // The node's state depends on it.
        if (isNew) fleet.probeSoon(id);
        changed.emit(id);
      },
      onReached(contacted) {
        if (contacts.get(id) !== contact) return;
        announcements.reached(id, contacted.bootId);
        reached.emit(id, contacted);
      },
      onLeaseEnded(leaseId) {
        if (contacts.get(id) === contact) leaseEnded.emit(id, leaseId);
      },
      onToolsChange: () => fleet.probeSoon(id),
      onStreamEnd: () => fleet.probeSoon(id),
    });
    contacts.set(id, contact);
    if (paused) contact.setPaused(true);
    return contact;
  }

  function drop(nodeId: string): void {
    const contact = contacts.get(nodeId);
    if (!contact) return;
    contacts.delete(nodeId);
    contact.stop();
    const end = contact.ended().finally(() => ending.delete(end));
    ending.add(end);
  }

  /** The contact for the node as it is now. Called often: about 200 times a second with 1,000 nodes. */
  function contactOf(node: NodeView | null): Contact | null {
    if (node === null) return null;
    const known = contacts.get(node.id);
    if (known?.url === node.agentUrl && (known?.token !== null) === node.hasAgentToken) return known ?? null;
    if (known) drop(node.id);
    return node.agentUrl === null ? null : create(node, node.agentUrl);
  }

  function follow(node: NodeView): void {
    const before = contacts.get(node.id);
    const contact = contactOf(node);
    if (contact) contact.setPresence(presenceOf(node));
    else if (before) changed.emit(node.id);
  }

  const find = (nodeId: string) => contacts.get(nodeId) ?? contactOf(fleet.get(nodeId));

  function keepToken(url: string, token: string): void {
    const key = sameServerKey(url);
    const nodes = fleet
      .list()
      .filter(
        (node) => node.kind !== 'simulated' && node.agentUrl !== null && sameServerKey(node.agentUrl) === key,
      );
    // The code is used up, so keep the token even if the updates below fail.
    paired.keep(url, token);
    for (const node of nodes) fleet.update(node.id, { agentToken: token });
    if (nodes.length > 0) paired.take(url);
  }

  return {
    view: (nodeId) => find(nodeId)?.view() ?? null,
    agentId: (nodeId) => contacts.get(nodeId)?.health()?.id ?? null,
    link: (nodeId) => find(nodeId)?.link ?? null,
    machine: (nodeId) => contacts.get(nodeId)?.machine() ?? null,
    sample: (nodeId) => contacts.get(nodeId)?.sample() ?? null,
    gpuFound: (nodeId) => contacts.get(nodeId)?.gpuFound() ?? null,
    runnerParent(nodeId, pid) {
      const gpus = contacts.get(nodeId)?.sample()?.gpus ?? [];
      return gpus.flatMap(({ processes }) => processes).find((one) => one.pid === pid)?.parent ?? null;
    },
    gpuTools: (nodeId) => contacts.get(nodeId)?.gpuTools() ?? { kind: 'unknown' },
    serverReport: (nodeId) => contacts.get(nodeId)?.serverReport() ?? null,
    mayRestartOllama: (nodeId) => contacts.get(nodeId)?.power()?.mayRestartOllama ?? false,
    freshReading: async (nodeId, signal) => (await contacts.get(nodeId)?.freshReading(signal)) ?? null,
    reading: (nodeId) => contacts.get(nodeId)?.reading() ?? null,
    policyView: (nodeId) => contacts.get(nodeId)?.policy() ?? null,
    power: (nodeId) => contacts.get(nodeId)?.power() ?? null,
    traffic: (nodeId) => contacts.get(nodeId)?.traffic() ?? null,
    foreignLeases: (nodeId) => contacts.get(nodeId)?.foreignLeases() ?? [],

    async refresh(nodeId) {
      const contact = find(nodeId);
      if (!contact) throw new PilotlightError('NO_AGENT', { details: { nodeId } });
      await contact.refresh();
    },

    async probe(nodeId, signal) {
      const contact = find(nodeId);
      if (!contact) throw new PilotlightError('NO_AGENT', { details: { nodeId } });
      await contact.probe(signal);
    },

    onChange: changed.on,
    onReached: reached.on,
    onLeaseEnded: leaseEnded.on,

    async pair(request, signal) {
      const { url, code } = readPairing(request);
      const unpaired = connectAgent({ url, token: null });
      // Make sure that it is an agent before sending it the code.
      const { version, roles } = await unpaired.health(signal);
      const { token } = await unpaired.pair(code, panelName(), signal);
      keepToken(url, token);
      return { url, version, roles };
    },

    takePaired: (url) => paired.take(url),
    pairedToken: (url) => paired.peek(url),

    tokenChanged(nodeId) {
      const contact = contacts.get(nodeId);
      if (!contact || contact.token === fleet.agentToken(nodeId)) return;
      drop(nodeId);
      const node = fleet.get(nodeId);
      if (node) follow(node);
      changed.emit(nodeId);
    },

    start() {
      if (unsubscribe) return;
      unsubscribe = fleet.onChange((node, previous) => {
        if (node !== null) follow(node);
        else if (previous !== null) {
          drop(previous.id);
          announcements.forget(previous.id);
        }
      });
      for (const node of fleet.list()) follow(node);
      announcements.start();
    },

    async pause() {
      paused = true;
      for (const contact of contacts.values()) contact.setPaused(true);
      await Promise.all([...contacts.values()].map((contact) => contact.ended()));
    },

    resume() {
      paused = false;
      for (const contact of contacts.values()) contact.setPaused(false);
    },

    async stop() {
      unsubscribe?.();
      unsubscribe = null;
      await announcements.stop();
      for (const nodeId of [...contacts.keys()]) drop(nodeId);
      await Promise.all(ending);
    },
  };
}

/** Contacts a machine that is on, even if its server is in trouble, but not one that may be asleep. */
function presenceOf({ kind, state }: NodeView): Presence {
  if (kind === 'this-computer' || isServing(state) || state === 'trouble' || state === 'booting')
    return 'awake';
  return state === 'unknown' ? 'unknown' : 'asleep';
}
