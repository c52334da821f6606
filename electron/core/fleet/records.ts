/** Builds node records from what a person entered. Pure; throws coded errors that name the field. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { MethodParams } from '../../../shared/contract/methods.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import { fact } from '../../../shared/models/message.ts';
import { savedName } from '../../../shared/models/name.ts';
import {
  agentTokenSecret,
  relayTokenSecret,
  secureOnSecret,
  shutdownSecret,
} from '../../../shared/models/secrets.ts';
import { basePath } from '../../../shared/network/api-path.ts';
import type { SimulatedMachine } from '../ports/simulated-fleet.ts';
import {
  nameFromUrl,
  normaliseAgentUrl,
  normaliseDestinations,
  normaliseMac,
  normaliseSecureOn,
  normaliseServerUrl,
  normaliseShutdownUrl,
  normaliseWakeMethods,
  sameServerKey,
} from './validate.ts';

export type NodeInput = MethodParams<'fleet.add'>;
export type NodePatch = Omit<MethodParams<'fleet.update'>, 'nodeId'>;

export const THIS_COMPUTER_ID = 'this-computer';

export function thisComputerRecord(now: number): NodeRecord {
  return {
    id: THIS_COMPUTER_ID,
    name: 'This computer',
    kind: 'this-computer',
    url: null,
    mac: null,
    wakeDestinations: [],
    wakeWays: [{ kind: 'direct' }],
    agentUrl: null,
    shutdownUrl: null,
    vramBytes: null,
    addedAt: now,
  };
}

/** Throws BAD_URL, BAD_MAC, BAD_DESTINATION or BAD_WAY, naming the field. */
export function newRecord(input: NodeInput, { id, now }: { id: string; now: number }): NodeRecord {
  const url = optional(input.url, normaliseServerUrl);
  const agentUrl = optional(input.agentUrl, normaliseAgentUrl);
  const nameSource = url ?? agentUrl;
  if (nameSource === null) {
    throw new PilotlightError('BAD_URL', {
      message: fact('NODE_NEEDS_ADDRESS'),
      details: { field: 'url' },
    });
  }
  return {
    id,
    name: savedName(input.name ?? nameFromUrl(nameSource)),
    kind: 'remote',
    url,
    mac: optional(input.mac, normaliseMac),
    wakeDestinations: normaliseDestinations(input.wakeDestinations ?? []),
    wakeWays: normaliseWakeMethods(input.wakeWays ?? [{ kind: 'direct' }]),
    agentUrl,
    shutdownUrl: optional(input.shutdownUrl, normaliseShutdownUrl),
    vramBytes: input.vramBytes ?? null,
    addedAt: now,
  };
}

/** Keeps fields that are left out. */
export function changedRecord(record: NodeRecord, patch: NodePatch): NodeRecord {
  return {
    ...record,
    name: savedName(patch.name ?? record.name),
    url: patch.url === undefined ? record.url : optional(patch.url, normaliseServerUrl),
    mac: patch.mac === undefined ? record.mac : optional(patch.mac, normaliseMac),
    wakeDestinations:
      patch.wakeDestinations === undefined
        ? record.wakeDestinations
        : normaliseDestinations(patch.wakeDestinations),
    wakeWays: patch.wakeWays === undefined ? record.wakeWays : normaliseWakeMethods(patch.wakeWays),
    agentUrl: patch.agentUrl === undefined ? record.agentUrl : optional(patch.agentUrl, normaliseAgentUrl),
    shutdownUrl:
      patch.shutdownUrl === undefined
        ? record.shutdownUrl
        : optional(patch.shutdownUrl, normaliseShutdownUrl),
    vramBytes: patch.vramBytes === undefined ? record.vramBytes : patch.vramBytes,
  };
}

/**
 * A record of an earlier version, which kept the path of the API in an address, where nothing answers, and any
 * character in a name.
 */
export function ofToday(record: NodeRecord): NodeRecord {
  const url = record.url === null ? null : trimPath(record.url);
  const name = savedName(record.name);
  return url === record.url && name === record.name ? record : { ...record, url, name };
}

function trimPath(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${basePath(pathname, 'server')}`;
}

/** Names of all secrets of a node. */
export const nodeSecrets = (nodeId: string): string[] => [
  secureOnSecret(nodeId),
  agentTokenSecret(nodeId),
  relayTokenSecret(nodeId),
  shutdownSecret(nodeId),
];

/** The entered secrets by name: null to remove one, left out to keep it. Throws BAD_MAC. */
export function writtenSecrets(
  nodeId: string,
  input: Pick<NodeInput, 'secureOn' | 'agentToken' | 'relayToken' | 'shutdownSecret'>,
): Record<string, string | null> {
  const written: Record<string, string | null> = {};
  const write = (
    name: string,
    value: string | null | undefined,
    normalise = (text: string) => text.trim(),
  ) => {
    if (value !== undefined) written[name] = optional(value, normalise);
  };
  write(secureOnSecret(nodeId), input.secureOn, normaliseSecureOn);
  write(agentTokenSecret(nodeId), input.agentToken);
  write(relayTokenSecret(nodeId), input.relayToken);
  write(shutdownSecret(nodeId), input.shutdownSecret);
  return written;
}

export function simulatedRecord(machine: SimulatedMachine, now: number): NodeRecord {
  return {
    id: machine.id,
    name: machine.name,
    kind: 'simulated',
    url: machine.url,
    mac: machine.mac,
    wakeDestinations: [...machine.wakeDestinations],
    wakeWays: [{ kind: 'direct' }],
    agentUrl: machine.agent?.url ?? null,
    shutdownUrl: null,
    vramBytes: null,
    addedAt: now,
  };
}

/** Throws ALREADY_EXISTS if another node has that address. */
export function refuseDuplicate(
  url: string,
  others: Iterable<{ id: string; name: string; url: string | null }>,
): void {
  const key = sameServerKey(url);
  for (const { id, name, url: taken } of others) {
    if (taken === null || sameServerKey(taken) !== key) continue;
    throw new PilotlightError('ALREADY_EXISTS', {
      message: fact('ADDRESS_ALREADY_USED', { node: name }),
      details: { field: 'url', nodeId: id },
    });
  }
}

/** An empty field of a form means "none". */
function optional(value: string | null | undefined, normalise: (text: string) => string): string | null {
  return value === null || value === undefined || value.trim() === '' ? null : normalise(value);
}
