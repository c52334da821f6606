/** Adds, changes and removes nodes. A node and its secrets are saved together or not at all. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import { agentTokenSecret } from '../../../shared/models/secrets.ts';
import type { FleetDependencies } from './dependencies.ts';
import type { Entries } from './entries.ts';
import type { Entry } from './entry.ts';
import type { FleetService } from './model.ts';
import {
  changedRecord,
  type NodeInput,
  type NodePatch,
  newRecord,
  nodeSecrets,
  ofToday,
  refuseDuplicate,
  THIS_COMPUTER_ID,
  thisComputerRecord,
  writtenSecrets,
} from './records.ts';
import { refuseUnknownRelays, sameServerKey } from './validate.ts';

export interface Membership
  extends Pick<FleetService, 'beforeAdopt' | 'adopt' | 'add' | 'update' | 'remove'> {
  /** Creates the saved nodes, and this computer if it isn't among them. */
  load(): void;
}

export interface MembershipDependencies
  extends Pick<FleetDependencies, 'clock' | 'ids' | 'log' | 'store' | 'secrets' | 'agents'> {
  entries: Entries;
  /** Throws NOT_FOUND. */
  find(nodeId: string): Entry;
}

export function createMembership(dependencies: MembershipDependencies): Membership {
  const { clock, ids, log, store, secrets, agents, entries, find } = dependencies;

  function load(): void {
    const saved = store.nodes.list().filter((record) => record.kind !== 'simulated');
    if (!saved.some((record) => record.id === THIS_COMPUTER_ID)) {
      const record = thisComputerRecord(clock.now());
      saved.unshift(record);
      try {
        store.nodes.put(record);
      } catch (error) {
        log.error('This computer could not be saved as a node.', { error: String(error) });
      }
    }
    for (const record of saved) entries.create(ofToday(record), null);
  }

  function addresses(except: string | null) {
    return entries
      .all()
      .filter((entry) => entry.record.id !== except)
      .map((entry) => ({ id: entry.record.id, name: entry.record.name, url: entry.server?.url ?? null }));
  }

  /** All or nothing: restores the secrets if `write` throws. */
  function withSecrets(changes: Readonly<Record<string, string | null>>, write: () => void): void {
    const names = Object.keys(changes);
    const before = Object.fromEntries(names.map((name) => [name, secrets.get(name)]));
    if (names.length > 0) secrets.change(changes);
    try {
      write();
    } catch (error) {
      if (names.length > 0) secrets.change(before);
      throw error;
    }
  }

  /** The entered secrets; without an agent token, the token of a recently paired agent is added. */
  function secretsFrom(record: NodeRecord, input: NodeInput | NodePatch): Record<string, string | null> {
    const written = writtenSecrets(record.id, input);
    const name = agentTokenSecret(record.id);
    if (record.agentUrl === null || typeof written[name] === 'string' || !input.agentUrl) return written;
    const paired = agents.pairedToken(record.agentUrl);
    return paired === null ? written : { ...written, [name]: paired };
  }

  /** Takes the paired token only after saving: the pairing code is used up, so the token must survive a failed save. */
  function tokenSaved({ id, agentUrl }: NodeRecord, changes: Record<string, string | null>): void {
    if (agentUrl !== null && typeof changes[agentTokenSecret(id)] === 'string') agents.takePaired(agentUrl);
  }

  /** `token` is null if it is removed; undefined if it stays or is replaced by another of the same agent. */
  function leaveAgent(entry: Entry, next: NodeRecord | null, token?: null): void {
    const { record } = entry;
    if (entry.simulated || record.agentUrl === null) return;
    const agentUrl = next?.agentUrl ?? null;
    const stays =
      token !== null && agentUrl !== null && sameServerKey(agentUrl) === sameServerKey(record.agentUrl);
    if (!stays) agents.leave(record.id);
  }

  return {
    load,

    beforeAdopt(records) {
      for (const record of records) {
        const entry = entries.get(record.id);
        if (entry) leaveAgent(entry, record);
      }
    },

    adopt(records) {
      for (const record of records) {
        const entry = entries.get(record.id);
        if (entry) entries.replaceRecord(entry, record);
        else entries.create(record, null);
      }
    },

    add(input) {
      const record = newRecord(input, { id: ids.next('node'), now: clock.now() });
      if (record.url !== null) refuseDuplicate(record.url, addresses(null));
      refuseUnknownRelays(record, (id) => entries.get(id) !== null);
      const changes = secretsFrom(record, input);
      withSecrets(changes, () => store.nodes.put(record));
      tokenSaved(record, changes);
      return entries.create(record, null).view;
    },

    update(nodeId, patch) {
      const entry = find(nodeId);
      if (entry.simulated && patch.url !== undefined && patch.url !== entry.record.url) {
        throw new PilotlightError('BAD_URL', {
          message: fact('SIMULATED_ADDRESS_FIXED'),
          next: fact('ADD_ANOTHER_NODE'),
          details: { field: 'url' },
        });
      }
      const record = changedRecord(entry.record, patch);
      const changes = secretsFrom(record, patch);
      if (entry.simulated && Object.values(changes).some((value) => value !== null)) {
        throw new PilotlightError('BAD_REQUEST', {
          message: fact('SIMULATED_HAS_NO_SECRETS'),
          next: fact('LEAVE_THEM_EMPTY'),
          details: { field: 'secureOn' },
        });
      }
      if (record.url !== null && record.url !== entry.record.url)
        refuseDuplicate(record.url, addresses(nodeId));
      if (patch.wakeWays !== undefined) refuseUnknownRelays(record, (id) => entries.get(id) !== null);
      leaveAgent(entry, record, changes[agentTokenSecret(nodeId)] === null ? null : undefined);
      if (!entry.simulated) withSecrets(changes, () => store.nodes.put(record));
      tokenSaved(record, changes);
      entries.replaceRecord(entry, record);
      if (Object.hasOwn(changes, agentTokenSecret(nodeId))) agents.tokenChanged(nodeId);
      return entry.view;
    },

    remove(nodeId) {
      const entry = find(nodeId);
      if (nodeId === THIS_COMPUTER_ID) {
        throw new PilotlightError('BAD_REQUEST', {
          message: fact('THIS_COMPUTER_STAYS'),
          next: fact('NO_ACTION_NEEDED'),
          details: { field: 'nodeId' },
        });
      }
      leaveAgent(entry, null);
      if (!entry.simulated) {
        const none = Object.fromEntries(nodeSecrets(nodeId).map((name) => [name, null]));
        withSecrets(none, () => store.nodes.remove(nodeId));
      }
      entries.drop(nodeId);
    },
  };
}
