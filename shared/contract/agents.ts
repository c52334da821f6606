/** Methods of agents. */
import * as z from 'zod';
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
} as const satisfies Record<string, MethodDefinition>;
