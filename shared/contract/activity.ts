/** Methods of the activity log. */
import * as z from 'zod';
import { activityEntrySchema, activityQuerySchema } from '../models/activity.ts';
import type { MethodDefinition } from './definition.ts';

export const activityMethods = {
  'activity.list': {
    summary: 'List what happened and why, newest first.',
    scope: 'view',
    params: activityQuerySchema,
    result: z.array(activityEntrySchema),
    errors: [],
  },
} as const satisfies Record<string, MethodDefinition>;
