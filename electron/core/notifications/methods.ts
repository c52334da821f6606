import type { Handlers } from '../runtime/handlers.ts';
import type { NotificationsService } from './service.ts';

export function notificationMethods({
  notifications,
}: {
  notifications: NotificationsService;
}): Handlers<'notifications.try'> {
  return {
    async 'notifications.try'({ channel }, { signal }) {
      await notifications.try(channel, signal);
      return { ok: true };
    },
  };
}
