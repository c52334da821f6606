/** Errors of sending notices. */
import type { Catalogue } from './entry.ts';

export const notificationErrors = {
  NOTICE_CHANNEL_NOT_SET: {
    message: 'This channel has no address yet.',
    next: 'Set its address in Settings → Notifications, and for e-mail also who gets it.',
    status: 409,
  },
  NOTICE_REFUSED: {
    message: 'The service refused the message.',
    next: 'Check the address, and whether its token still works.',
    status: 502,
  },
  MAIL_REFUSED: {
    message: 'The mail server refused the message.',
    next: 'Check the address of the server, the user, the password and the recipients. Many providers want an app password.',
    status: 502,
  },
} as const satisfies Catalogue;
