/** Where the gateway should listen, and what to say if it cannot. Pure. */
import { type ErrorCode, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { GATEWAY_PORT } from '../../../shared/models/gateway-port.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { PortHolder } from './link.ts';
import type { GatewayAddress } from './protocol.ts';

export type GatewayProblem = NonNullable<GatewayView['problem']>;

/** The address; null if the gateway is off. A problem beside an address says why it is not the one of the settings. */
export interface WantedAddress {
  address: GatewayAddress | null;
  problem: GatewayProblem | null;
}

export interface AddressFacts {
  settings: Settings['gateway'];
  /** Chosen for this run of the program; null for that of the settings. */
  port: number | 'off' | null;
  /** Whether somebody on the network could use it. */
  hasKey: boolean;
}

const LOOPBACK = '127.0.0.1';
const EVERY_ADDRESS = '0.0.0.0';

export function wantedAddress({ settings, port, hasKey }: AddressFacts): WantedAddress {
  if (port === 'off') return { address: null, problem: offHere };
  if (!settings.on) return { address: null, problem: null };
  const wanted = port ?? settings.port ?? 0;
  if (settings.listen === 'loopback') return { address: { host: LOOPBACK, port: wanted }, problem: null };
  if (hasKey) return { address: { host: EVERY_ADDRESS, port: wanted }, problem: null };
  return { address: { host: LOOPBACK, port: wanted }, problem: staysLocal };
}

/** Whether a process that listens there needs no other address. */
export const fits = (listening: GatewayAddress | null, wanted: GatewayAddress): boolean =>
  listening !== null &&
  listening.host === wanted.host &&
  (wanted.port === 0 || listening.port === wanted.port);

export const listeningOn = ({ host }: GatewayAddress): 'loopback' | 'network' =>
  host === EVERY_ADDRESS ? 'network' : 'loopback';

export const urlOf = ({ port }: GatewayAddress): string => `http://${LOOPBACK}:${port}`;

export const offHere: GatewayProblem = {
  code: 'GATEWAY_OFF_HERE',
  message: fact('GATEWAY_OFF_HERE'),
  next: fact('START_WITHOUT_OFF'),
};

/** For a program that has no gateway, such as one command. */
export const notPart: GatewayProblem = {
  code: 'GATEWAY_NOT_PART',
  message: fact('GATEWAY_NOT_PART'),
  next: fact('NO_ACTION_NEEDED'),
};

const staysLocal: GatewayProblem = {
  code: 'GATEWAY_NEEDS_KEY',
  message: fact('GATEWAY_STAYS_LOCAL'),
  next: fact('ADD_GATEWAY_KEY'),
};

/** With the sentences of the catalogue. */
export function codedProblem(code: ErrorCode): GatewayProblem {
  const { message, next } = new PilotlightError(code);
  return { code, message: plainText(message), next: plainText(next) };
}

/** Why it could not listen at this address. */
export function listenProblem(
  error: unknown,
  { port }: GatewayAddress,
  holder: PortHolder | null,
): GatewayProblem {
  if (isPilotlightError(error) && error.code === 'PORT_IN_USE') {
    return {
      code: 'PORT_IN_USE',
      message: fact('GATEWAY_PORT_TAKEN', { port, holder }),
      next: fact('FREE_GATEWAY_PORT', { isDefault: port === GATEWAY_PORT }),
    };
  }
  const known = isPilotlightError(error);
  const reason = known && typeof error.details?.reason === 'string' ? error.details.reason : null;
  return {
    code: known ? error.code : 'GATEWAY_CANNOT_LISTEN',
    message: fact('GATEWAY_PORT_REFUSED', { port, reason: reason ?? (known ? error.code : 'unknown') }),
    next: fact('CHOOSE_GATEWAY_PORT'),
  };
}
