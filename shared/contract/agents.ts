/** Methods of agents. */
import * as z from 'zod';
import { agentInstallLinkSchema, agentInstallSchema } from '../models/agent-install.ts';
import { agentUpdatesSchema } from '../models/agent-updates.ts';
import { updateProcessors, updateSystems } from '../models/update-manifest.ts';
import { type MethodDefinition, nothing } from './definition.ts';

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
  'agents.installFiles': {
    summary:
      'List the signed files of agents that are on this computer, for each system, and where another machine can get them.',
    scope: 'manage',
    params: nothing,
    result: agentInstallSchema,
    errors: [],
  },
  'agents.installLink': {
    summary:
      'Make an address at which another machine downloads the file of its agent, without a key. It works for one complete download that begins within 15 minutes. The panel has to be open for other devices at this address.',
    scope: 'manage',
    params: z.strictObject({
      os: z.enum(updateSystems),
      arch: z.enum(updateProcessors),
      /** One at which the panel is open. */
      address: z.string().min(1).max(60),
    }),
    result: agentInstallLinkSchema,
    errors: ['NO_AGENT_RELEASE', 'NOT_FOUND'],
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
