/**
 * The HTTP protocol of the agent: every path, its request and its answer. The only definition for the agent, the core's
 * link and the simulator. In zod/mini, because the agent bundles it.
 */
import type * as z from 'zod/mini';
import {
  cancelledHereSchema,
  endedSchema,
  healthSchema,
  heldSchema,
  leasesSchema,
  pairedSchema,
  pairingSchema,
  policyViewSchema,
  powerSchema,
  restartedSchema,
  shutdownSchema,
  statusSchema,
  trafficSchema,
  wakeSchema,
} from './agent/answers.ts';
import {
  byRequestSchema,
  cancelHereRequestSchema,
  leaseRequestSchema,
  pairRequestSchema,
  policyRequestSchema,
  powerRequestSchema,
  trafficRequestSchema,
  wakeRequestSchema,
  wokenRequestSchema,
} from './agent/requests.ts';
import { telemetrySchema } from './agent/telemetry.ts';
import { updateOfferSchema, updateStartSchema, updateStateSchema } from './agent/update.ts';
import {
  challengeRequestSchema,
  challengeSchema,
  sealedAnswerSchema,
  sealedCallSchema,
} from './local-calls.ts';

export const agentRoles = ['relay', 'power', 'telemetry', 'runner', 'worker'] as const;
export type AgentRole = (typeof agentRoles)[number];

/** Where an agent listens unless its configuration says otherwise: the relay role, and the others. */
export const DEFAULT_RELAY_PORT = 9753;
export const DEFAULT_AGENT_PORT = 8765;

export interface AgentEndpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{id}` is the id of a lease or a panel. */
  path: string;
  /** `open` needs no token; `key` checks a key of its own in the request. */
  access: 'token' | 'open' | 'key';
  request?: z.ZodMiniType;
  answer: z.ZodMiniType;
}

export const agentApi = {
  health: { method: 'GET', path: '/health', access: 'open', answer: healthSchema },
  /** For the agent's own program on the same machine, which never sends the token: see `local-calls.ts`. */
  localChallenge: {
    method: 'POST',
    path: '/v1/local/challenge',
    access: 'open',
    request: challengeRequestSchema,
    answer: challengeSchema,
  },
  localCall: {
    method: 'POST',
    path: '/v1/local/call',
    access: 'open',
    request: sealedCallSchema,
    answer: sealedAnswerSchema,
  },
  /** Called as a local call. */
  openPairing: { method: 'POST', path: '/v1/pairing', access: 'token', answer: pairingSchema },
  pair: { method: 'POST', path: '/v1/pair', access: 'key', request: pairRequestSchema, answer: pairedSchema },

  telemetry: { method: 'GET', path: '/v1/telemetry', access: 'token', answer: telemetrySchema },

  leases: { method: 'GET', path: '/v1/leases', access: 'token', answer: leasesSchema },
  lease: { method: 'GET', path: '/v1/leases/{id}', access: 'token', answer: heldSchema },
  putLease: {
    method: 'PUT',
    path: '/v1/leases/{id}',
    access: 'token',
    request: leaseRequestSchema,
    answer: heldSchema,
  },
  endLease: { method: 'DELETE', path: '/v1/leases/{id}', access: 'token', answer: endedSchema },

  /** Which models other panels use here. An agent without this path does not know. */
  traffic: { method: 'GET', path: '/v1/traffic', access: 'token', answer: trafficSchema },
  putTraffic: {
    method: 'PUT',
    path: '/v1/traffic/{id}',
    access: 'token',
    request: trafficRequestSchema,
    answer: trafficSchema,
  },

  policy: { method: 'GET', path: '/v1/policy', access: 'token', answer: policyViewSchema },
  putPolicy: {
    method: 'PUT',
    path: '/v1/policies/{id}',
    access: 'token',
    request: policyRequestSchema,
    answer: policyViewSchema,
  },
  removePolicy: { method: 'DELETE', path: '/v1/policies/{id}', access: 'token', answer: policyViewSchema },
  woken: {
    method: 'PUT',
    path: '/v1/woken',
    access: 'token',
    request: wokenRequestSchema,
    answer: policyViewSchema,
  },

  power: { method: 'GET', path: '/v1/power', access: 'token', answer: powerSchema },
  powerOff: {
    method: 'POST',
    path: '/v1/power',
    access: 'token',
    request: powerRequestSchema,
    answer: powerSchema,
  },
  cancelPowerOff: {
    method: 'POST',
    path: '/v1/power/cancel',
    access: 'token',
    request: byRequestSchema,
    answer: powerSchema,
  },
  /** For people at the machine, who can read its key there while a countdown runs. */
  cancelHere: {
    method: 'POST',
    path: '/v1/power/cancel-here',
    access: 'key',
    request: cancelHereRequestSchema,
    answer: cancelledHereSchema,
  },
  restartOllama: {
    method: 'POST',
    path: '/v1/ollama/restart',
    access: 'token',
    request: byRequestSchema,
    answer: restartedSchema,
  },

  update: { method: 'GET', path: '/v1/update', access: 'token', answer: updateStateSchema },
  /** Offers a release. The agent verifies it, and then takes the file of its system in parts. */
  offerUpdate: {
    method: 'POST',
    path: '/v1/update',
    access: 'token',
    request: updateOfferSchema,
    answer: updateStateSchema,
  },
  /** The bytes of the file from there on: at most `UPDATE_PART_BYTES`, as `updatePartType`. */
  putUpdatePart: { method: 'PUT', path: '/v1/update/parts/{id}', access: 'token', answer: updateStateSchema },
  startUpdate: {
    method: 'POST',
    path: '/v1/update/start',
    access: 'token',
    request: updateStartSchema,
    answer: updateStateSchema,
  },
  dropUpdate: { method: 'DELETE', path: '/v1/update', access: 'token', answer: updateStateSchema },

  /** The paths of existing relays and shutdown servers. */
  wake: { method: 'POST', path: '/wake', access: 'token', request: wakeRequestSchema, answer: wakeSchema },
  /** Wakes the one machine that the relay knows. */
  wakeKnown: { method: 'GET', path: '/wake', access: 'token', answer: wakeSchema },
  status: { method: 'GET', path: '/status', access: 'token', answer: statusSchema },
  shutdown: { method: 'POST', path: '/shutdown', access: 'token', answer: shutdownSchema },
} as const satisfies Record<string, AgentEndpoint>;

/** Server-sent events; `AgentEvents` has their names and shapes. */
export const agentStream = { method: 'GET', path: '/v1/telemetry/stream', access: 'token' } as const;

/** What a caller may send, and a handler gets. */
export type RequestOf<Endpoint extends AgentEndpoint> = Endpoint extends { request: infer Schema }
  ? z.output<Schema>
  : undefined;
/** What the agent sends, and what its caller reads from it. */
export type AnswerSent<Endpoint extends AgentEndpoint> = z.input<Endpoint['answer']>;
export type AnswerRead<Endpoint extends AgentEndpoint> = z.output<Endpoint['answer']>;

/** The path with its `{id}` filled in. */
export function agentPath({ path }: Pick<AgentEndpoint, 'path'>, id = ''): string {
  return path.replace('{id}', encodeURIComponent(id));
}
