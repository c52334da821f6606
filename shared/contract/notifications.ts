/** Methods of notifications. What is sent, and where, is in the settings. */
import * as z from 'zod';
import { noticeChannelSchema } from '../models/notifications.ts';
import { done, type MethodDefinition } from './definition.ts';

export const notificationMethods = {
  'notifications.try': {
    summary: 'Send a test message on a channel, also in quiet hours.',
    scope: 'manage',
    params: z.strictObject({ channel: noticeChannelSchema }),
    result: done,
    errors: [
      'NOTICE_CHANNEL_NOT_SET',
      'NOTICE_REFUSED',
      'MAIL_REFUSED',
      'HOST_UNREACHABLE',
      'HOST_TIMEOUT',
      'NAME_NOT_RESOLVED',
    ],
  },
} as const satisfies Record<string, MethodDefinition>;
