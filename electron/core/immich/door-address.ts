/** Where the door for Immich should listen, and what to say if it cannot. Pure. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
import type { ImmichView } from '../../../shared/models/immich.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';

export type ImmichProblem = NonNullable<ImmichView['problem']>;

export interface WantedDoor {
  /** null if it is off. */
  listen: { host: string; port: number } | null;
  /** Addresses that may connect besides this computer; null for all. */
  allowed: readonly string[] | null;
  /** Beside an address: why it is not the one of the settings. */
  problem: ImmichProblem | null;
}

const LOOPBACK = '127.0.0.1';
const EVERY_ADDRESS = '0.0.0.0';

/** Immich sends no key, so the network gets in only if a person said who, or that anyone may. */
export function wantedDoor({ on, port, listen, allowed, anyone }: Settings['immich']): WantedDoor {
  if (!on) return { listen: null, allowed: [], problem: null };
  if (listen === 'loopback') return { listen: { host: LOOPBACK, port }, allowed: [], problem: null };
  if (anyone) return { listen: { host: EVERY_ADDRESS, port }, allowed: null, problem: null };
  if (allowed.length > 0) return { listen: { host: EVERY_ADDRESS, port }, allowed, problem: null };
  return { listen: { host: LOOPBACK, port }, allowed: [], problem: staysLocal };
}

export const listeningOn = (host: string): 'loopback' | 'network' =>
  host === EVERY_ADDRESS ? 'network' : 'loopback';

const staysLocal: ImmichProblem = {
  code: 'IMMICH_STAYS_LOCAL',
  message: fact('IMMICH_STAYS_LOCAL'),
  next: fact('ADD_IMMICH_ADDRESS'),
};

/** Why it could not listen there. */
export function listenProblem(error: unknown, port: number): ImmichProblem {
  const isTaken = isPilotlightError(error) && error.code === 'PORT_IN_USE';
  const reason = error instanceof Error ? error.message : String(error);
  return {
    code: isTaken ? 'PORT_IN_USE' : 'IMMICH_CANNOT_LISTEN',
    message: isTaken ? fact('IMMICH_PORT_TAKEN', { port }) : fact('IMMICH_PORT_REFUSED', { port, reason }),
    next: fact('FREE_IMMICH_PORT'),
  };
}
