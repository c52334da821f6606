/** From what a person wrote to what is saved of a node. Pure; throws coded errors that name the field. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { MethodParams } from '../../../shared/contract/methods.ts';
import type { NodeRecord } from '../../../shared/models/fleet.ts';
import type { SimulatedMachine } from '../ports.ts';
import {
  nameFromUrl,
  normaliseDestinations,
  normaliseMac,
  normaliseSecureOn,
  normaliseServerUrl,
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
    vramBytes: null,
    addedAt: now,
  };
}

export function newRecord(input: NodeInput, { id, now }: { id: string; now: number }): NodeRecord {
  const url = normaliseServerUrl(input.url);
  return {
    id,
    name: input.name ?? nameFromUrl(url),
    kind: 'remote',
    url,
    mac: optional(input.mac, normaliseMac),
    wakeDestinations: normaliseDestinations(input.wakeDestinations ?? []),
    vramBytes: input.vramBytes ?? null,
    addedAt: now,
  };
}

/** Fields that are left out stay. */
export function changedRecord(record: NodeRecord, patch: NodePatch): NodeRecord {
  return {
    ...record,
    name: patch.name ?? record.name,
    url: patch.url === undefined ? record.url : normaliseServerUrl(patch.url),
    mac: patch.mac === undefined ? record.mac : optional(patch.mac, normaliseMac),
    wakeDestinations:
      patch.wakeDestinations === undefined
        ? record.wakeDestinations
        : normaliseDestinations(patch.wakeDestinations),
    vramBytes: patch.vramBytes === undefined ? record.vramBytes : patch.vramBytes,
  };
}

/** The SecureOn password that was written: undefined to leave it as it is, null for none. Throws BAD_MAC. */
export function writtenSecureOn(input: Pick<NodeInput, 'secureOn'>): string | null | undefined {
  return input.secureOn === undefined ? undefined : optional(input.secureOn, normaliseSecureOn);
}

export function simulatedRecord(machine: SimulatedMachine, now: number): NodeRecord {
  return {
    id: machine.id,
    name: machine.name,
    kind: 'simulated',
    url: machine.url,
    mac: machine.mac,
    wakeDestinations: [...machine.wakeDestinations],
    vramBytes: null,
    addedAt: now,
  };
}

/** Throws ALREADY_EXISTS when another node is at that address already. */
export function refuseDuplicate(
  url: string,
  others: Iterable<{ id: string; name: string; url: string | null }>,
): void {
  const key = sameServerKey(url);
  for (const { id, name, url: taken } of others) {
    if (taken === null || sameServerKey(taken) !== key) continue;
    throw new PilotlightError('ALREADY_EXISTS', {
      message: `"${name}" has that address already.`,
      details: { field: 'url', nodeId: id },
    });
  }
}

/** An empty field of a form means "none". */
function optional(value: string | null | undefined, normalise: (text: string) => string): string | null {
  return value === null || value === undefined || value.trim() === '' ? null : normalise(value);
}
