/** Methods of the gateway, the address to which other programs send their requests. */
import { gatewayStatsSchema, gatewayViewSchema } from '../models/gateway.ts';
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
} as const satisfies Record<string, MethodDefinition>;
