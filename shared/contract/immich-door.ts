/** Methods of the door for Immich. */
import { immichViewSchema } from '../models/immich.ts';
import { type MethodDefinition, nothing } from './definition.ts';

export const immichMethods = {
  'immich.get': {
    summary: 'Get the state of the door for Immich: its addresses, what waits there, and the last wake.',
    scope: 'view',
    params: nothing,
    result: immichViewSchema,
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
