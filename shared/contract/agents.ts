/** The methods of agents. */
import * as z from 'zod';
import type { MethodDefinition } from './definition.ts';

export const agentMethods = {
  'agents.pair': {
    summary:
      'Get the token of an agent by its pairing line, or by its address and the code of six digits. It is kept for the node that has, or is then added with, that agent; it is never shown.',
    scope: 'control',
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
