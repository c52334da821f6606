/** Methods of agents. */
import * as z from 'zod';
import { agentUpdatesSchema } from '../models/agent-updates.ts';
import type { MethodDefinition } from './definition.ts';

export const agentMethods = {
  'agents.pair': {
    summary:
      'Pair with an agent, by its pairing line, or by its address and six-digit code. The token is kept for the node that has that agent, or is added with it next; it is never shown.',
    scope: 'manage',
    params: z.strictObject({
      line: z.string().trim().max(500).optional(),
      url: z.string().trim().max(2000).optional(),
      code: z.string().trim().max(20).optional(),
    }),
    result: z.object({ url: z.string(), version: z.string().nullable(), roles: z.array(z.string()) }),
    errors: [
      'BAD_URL',
      'BAD_PAIRING',
      'PAIRING_CLOSED',
      'NOT_AN_AGENT',
      'AGENT_REFUSED',
      'AGENT_ERROR',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
      'NAME_NOT_RESOLVED',
      'DISK_FULL',
    ],
  },
  'agents.updates': {
    summary:
      'Read the versions of all agents, and the release that they could be updated to. The stream agentUpdates follows it.',
    scope: 'view',
    params: z.strictObject({}),
    result: agentUpdatesSchema,
    errors: [],
  },
  'agents.update': {
    summary:
      'Update agents, one at a time: all, or those of the nodes that are named. An agent that holds a lease or works is waited for. It stops at the first that fails.',
    scope: 'manage',
    params: z.strictObject({
      nodeIds: z.array(z.string().min(1).max(100)).min(1).max(1000).optional(),
      /** Machines that are off are updated when they are next on, until that is cancelled. */
      whenOn: z.boolean().default(false),
    }),
    result: agentUpdatesSchema,
    errors: ['NO_AGENT_RELEASE', 'AGENT_UPDATES_RUN', 'NOT_FOUND'],
  },
  'agents.cancelUpdates': {
    summary:
      'Stop updating agents. One that is restarting already goes on, and puts itself back if it fails.',
    scope: 'manage',
    params: z.strictObject({}),
    result: agentUpdatesSchema,
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
