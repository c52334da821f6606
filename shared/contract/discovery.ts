/** Methods that search for machines. */
import * as z from 'zod';
import { discoverySchema, foundMachineSchema, networkSchema } from '../models/discovery.ts';
import { type MethodDefinition, nothing } from './definition.ts';

export const discoveryMethods = {
  'discovery.networks': {
    summary: 'List the networks that this computer is on.',
    scope: 'view',
    params: nothing,
    result: z.array(networkSchema),
    errors: [],
  },
  'discovery.start': {
    summary:
      'Search for machines: agents that announce themselves, the neighbour table, and ports 11434, 8765 and 9753 in the given networks. Answers at once; progress and results are on the stream.',
    scope: 'control',
    params: z.strictObject({
      subnets: z.array(z.string().max(50)).max(16),
      announced: z.boolean().default(true),
      neighbours: z.boolean().default(true),
    }),
    result: discoverySchema,
    errors: ['BAD_SUBNET', 'DISCOVERY_RUNNING'],
  },
  'discovery.state': {
    summary: 'Get the progress and results of the search.',
    scope: 'view',
    params: nothing,
    result: discoverySchema,
    errors: [],
  },
  'discovery.cancel': {
    summary: 'Stop the search. Its results are kept.',
    scope: 'control',
    params: nothing,
    result: discoverySchema,
    errors: [],
  },
  'discovery.inspect': {
    summary: 'Find out what answers at an address: Ollama, an agent, an existing relay or shutdown server.',
    scope: 'control',
    params: z.strictObject({ address: z.string().trim().min(1).max(2000) }),
    result: foundMachineSchema,
    errors: ['BAD_URL', 'NAME_NOT_RESOLVED', 'HOST_UNREACHABLE', 'HOST_TIMEOUT'],
  },
} as const satisfies Record<string, MethodDefinition>;
