/** Methods of updates of Pilotlight itself. Progress is on the stream `updates`. */
import * as z from 'zod';
import { updateViewSchema } from '../models/updates.ts';
import { type MethodDefinition, nothing } from './definition.ts';

const reaching = [
  'UPDATES_ELSEWHERE',
  'UPDATE_NO_ADDRESS',
  'UPDATE_BUSY',
  'UPDATE_UNREACHABLE',
  'UPDATE_NO_RELEASE',
  'UPDATE_SIGNATURE',
  'UPDATE_MANIFEST',
] as const;

export const updateMethods = {
  'updates.get': {
    summary: 'Get the state of updates, without asking for any.',
    scope: 'view',
    params: nothing,
    result: updateViewSchema,
    errors: [],
  },
  'updates.check': {
    summary: 'Ask the update server for a newer version, once. Ask the person first.',
    scope: 'manage',
    params: nothing,
    result: updateViewSchema,
    errors: [...reaching, 'CANCELLED'],
  },
  'updates.download': {
    summary:
      'Download the update that a check found. Answers at once; the progress is on the stream `updates`.',
    scope: 'manage',
    params: nothing,
    result: updateViewSchema,
    errors: ['UPDATES_ELSEWHERE', 'UPDATE_NONE', 'UPDATE_BUSY'],
  },
  'updates.cancel': {
    summary: 'Cancel a check or a download, or an installation that waits for Pilotlight to quit.',
    scope: 'manage',
    params: nothing,
    result: updateViewSchema,
    errors: [],
  },
  'updates.install': {
    summary: 'Install the downloaded update when Pilotlight quits, or restart it now for that.',
    scope: 'manage',
    params: z.strictObject({ restart: z.boolean().default(false) }),
    result: updateViewSchema,
    errors: [
      'UPDATES_ELSEWHERE',
      'UPDATE_NONE',
      'UPDATE_BUSY',
      'UPDATE_DAMAGED',
      'UPDATE_NOT_INSTALLED',
      'DISK_FULL',
    ],
  },
  'updates.goBack': {
    summary: 'Restart with the version that was installed before the last update.',
    scope: 'manage',
    params: nothing,
    result: updateViewSchema,
    errors: [
      'UPDATES_ELSEWHERE',
      'UPDATE_BUSY',
      'UPDATE_NOTHING_KEPT',
      'UPDATE_NEWER_DATA',
      'UPDATE_NOT_INSTALLED',
      'DISK_FULL',
    ],
  },
  'updates.dismissNews': {
    summary: 'Do not show again what is new in this version.',
    scope: 'manage',
    params: nothing,
    result: updateViewSchema,
    errors: ['DISK_FULL'],
  },
} as const satisfies Record<string, MethodDefinition>;
