/** Methods of the gateway, the address to which other programs send their requests. */
import * as z from 'zod';
import { gatewayPolicySchema, gatewayStatsSchema, gatewayViewSchema } from '../models/gateway.ts';
import { type MethodDefinition, nothing } from './definition.ts';

export const gatewayMethods = {
  'gateway.get': {
    summary: 'Get the state of the gateway and its address.',
    scope: 'view',
    params: nothing,
    result: gatewayViewSchema,
    errors: [],
  },
  'gateway.stats': {
    summary:
      'Get what the gateway has counted since Pilotlight started: requests, tokens and time until the first byte, by node, model and dialect.',
    scope: 'view',
    params: nothing,
    result: gatewayStatsSchema,
    errors: [],
  },
  'gateway.policy': {
    summary:
      'Get which policy applies to requests for a model, by a program with a key or without one, and why.',
    scope: 'view',
    params: z.object({
      model: z.string().trim().min(1).max(300),
      /** null for a program without a key. */
      credentialId: z.string().max(100).nullable().default(null),
    }),
    result: gatewayPolicySchema,
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
