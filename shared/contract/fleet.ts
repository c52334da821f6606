/** Methods of nodes and of simulated machines. */
import * as z from 'zod';
import { nodeViewSchema } from '../models/fleet.ts';
import { wakeWaySchema } from '../models/power.ts';
import { done, type MethodDefinition, name, nodeId, nothing, token } from './definition.ts';

/** What a person may enter for a node. The service checks more, with errors that name the field. */
const nodeInput = {
  name: name.optional(),
  /** Address of its inference server; null for a node that has only an agent. */
  url: z.string().trim().min(1).max(2000).nullable(),
  mac: z.string().trim().max(40).nullable().optional(),
  wakeDestinations: z.array(z.string().trim().min(1).max(100)).max(16).optional(),
  secureOn: z.string().trim().max(40).nullable().optional(),
  wakeWays: z.array(wakeWaySchema).min(1).max(8).optional(),
  /** Token of an existing relay among the wake methods. */
  relayToken: token.nullable().optional(),
  agentUrl: z.string().trim().max(2000).nullable().optional(),
  /** Only if pairing is not possible; usually `agents.pair` sets it. */
  agentToken: token.nullable().optional(),
  shutdownUrl: z.string().trim().max(2000).nullable().optional(),
  shutdownSecret: token.nullable().optional(),
  vramBytes: z.number().min(0).max(1e15).nullable().optional(),
};

export const fleetMethods = {
  'fleet.list': {
    summary: 'List all nodes, as they were last seen.',
    scope: 'view',
    params: nothing,
    result: z.array(nodeViewSchema),
    errors: [],
  },
  'fleet.add': {
    summary: 'Add a node by the URL of its Ollama server, of its agent, or of both.',
    scope: 'manage',
    params: z.strictObject(nodeInput),
    result: nodeViewSchema,
    errors: ['BAD_URL', 'BAD_MAC', 'BAD_DESTINATION', 'BAD_WAY', 'BAD_TOKEN', 'ALREADY_EXISTS'],
  },
  'fleet.update': {
    summary: 'Change the configuration of a node. Omitted fields stay as they are.',
    scope: 'manage',
    params: z.strictObject({ nodeId, ...nodeInput, url: nodeInput.url.optional() }),
    result: nodeViewSchema,
    errors: ['NOT_FOUND', 'BAD_URL', 'BAD_MAC', 'BAD_DESTINATION', 'BAD_WAY', 'BAD_TOKEN', 'ALREADY_EXISTS'],
  },
  'fleet.remove': {
    summary: 'Remove a node. Its machine is not changed.',
    scope: 'manage',
    params: z.strictObject({ nodeId }),
    result: done,
    errors: ['NOT_FOUND'],
  },
  'fleet.look': {
    summary: 'Probe one node, or all of them, now. Answers when the probe is done.',
    scope: 'control',
    params: z.strictObject({ nodeId: nodeId.optional() }),
    result: z.array(nodeViewSchema),
    errors: ['NOT_FOUND'],
  },
  'fleet.attend': {
    summary:
      'Report that somebody is using the panel: for two minutes, nodes that are off are probed every 5 seconds.',
    scope: 'view',
    params: nothing,
    result: done,
    errors: [],
  },
  'fleet.simulate': {
    summary: 'Add or remove the simulated fleet.',
    scope: 'control',
    params: z.strictObject({ on: z.boolean() }),
    result: z.array(nodeViewSchema),
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;

export const simulatorMethods = {
  'simulator.sleep': {
    summary: 'Put a simulated machine to sleep.',
    scope: 'control',
    params: z.strictObject({ nodeId }),
    result: done,
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },
  'simulator.faults': {
    summary: 'List the faults of a simulated machine.',
    scope: 'view',
    params: z.strictObject({ nodeId }),
    result: z.array(z.object({ name: z.string(), on: z.boolean(), description: z.string() })),
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },
  'simulator.setFault': {
    summary: 'Switch a fault of a simulated machine on or off.',
    scope: 'control',
    params: z.strictObject({ nodeId, fault: z.string(), on: z.boolean() }),
    result: done,
    errors: ['NOT_FOUND', 'SIMULATOR_OFF'],
  },
} as const satisfies Record<string, MethodDefinition>;
