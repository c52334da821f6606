/** Sends the notifications that people chose while they are away from the panel. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { errorMessage, fact } from '../../../shared/models/message.ts';
import { type NoticeChannel, noticeChannels } from '../../../shared/models/notifications.ts';
import type { SecretSetting, Settings } from '../../../shared/models/settings.ts';
import { noticeKindOf } from '../../../shared/notice-kinds.ts';
import type { ActivityService } from '../activity/service.ts';
import type { FleetService } from '../fleet/service.ts';
import type { Notice, NoticeTarget, SendNotices } from '../ports/notices.ts';
import type { Clock } from '../ports/time.ts';
import type { SettingsService } from '../settings/service.ts';
import { createOutbox } from './outbox.ts';

export interface NotificationsService {
  /** Sends a message that says it is a test, also in quiet hours. Rejects with NOTICE_CHANNEL_NOT_SET or why it failed. */
  try(channel: NoticeChannel, signal: AbortSignal): Promise<void>;
  stop(): void;
}

export interface NotificationsDependencies {
  clock: Clock;
  settings: Pick<SettingsService, 'current' | 'secret' | 'onChange'>;
  activity: Pick<ActivityService, 'record' | 'onRecord'>;
  fleet: Pick<FleetService, 'get'>;
  sendNotices: SendNotices;
  timeZone?: string | undefined;
}

const addresses = {
  ntfy: 'notifications.ntfyUrl',
  chat: 'notifications.chatUrl',
  webhook: 'notifications.webhookUrl',
  mail: 'notifications.mailServer',
} as const satisfies Record<NoticeChannel, SecretSetting>;

const kindsOf = ({ notifications }: Pick<Settings, 'notifications'>, channel: NoticeChannel) =>
  notifications[`${channel}Kinds`];

export function createNotificationsService(dependencies: NotificationsDependencies): NotificationsService {
  const { clock, settings, activity, fleet, sendNotices, timeZone } = dependencies;
  const lifetime = new AbortController();

  /** null if the channel is not set up. */
  function targetOf(channel: NoticeChannel): NoticeTarget | null {
    const address = settings.secret(addresses[channel]);
    if (address === null) return null;
    if (channel !== 'mail') return { channel, url: address };
    const { mailTo: to, mailFrom: from } = settings.current().notifications;
    return to.length === 0 ? null : { channel, server: address, from, to };
  }

  const outboxes = noticeChannels.map((channel) => ({
    channel,
    outbox: createOutbox({
      clock,
      timeZone,
      quietHours: () => settings.current().notifications.quietHours,
      async send(batch) {
        const target = targetOf(channel);
        if (target !== null) await sendNotices(target, batch, lifetime.signal);
      },
      onGivenUp(error) {
        if (lifetime.signal.aborted) return;
        activity.record({
          kind: 'system',
          severity: 'warning',
          message: fact('NOTICE_NOT_SENT', { channel }),
          why: errorMessage(isPilotlightError(error) ? error : new PilotlightError('INTERNAL')),
        });
      },
    }),
  }));

  const stops = [
    activity.onRecord((entry) => {
      if (!entry.notify) return;
      const kind = noticeKindOf(entry.kind);
      const node = entry.nodeId === null ? null : (fleet.get(entry.nodeId)?.name ?? null);
      const { at, severity, message, why } = entry;
      const notice: Notice = { at, kind, severity, message, why, node };
      for (const { channel, outbox } of outboxes) {
        if (kindsOf(settings.current(), channel).includes(kind) && targetOf(channel) !== null)
          outbox.add(notice);
      }
    }),
    settings.onChange(() => {
      for (const { channel, outbox } of outboxes) {
        if (targetOf(channel) === null) outbox.clear();
        else outbox.reschedule();
      }
    }),
  ];

  return {
    async try(channel, signal) {
      const target = targetOf(channel);
      if (target === null) throw new PilotlightError('NOTICE_CHANNEL_NOT_SET');
      const notice: Notice = {
        ...{ at: clock.now(), kind: 'pilotlight', severity: 'info', node: null },
        ...{ message: fact('NOTICE_TEST'), why: fact('NOTICE_TEST_WHY') },
      };
      using either = eitherOf(signal, lifetime.signal);
      await sendNotices(target, { notices: [notice], more: 0 }, either.signal);
    },
    stop() {
      for (const stop of stops) stop();
      for (const { outbox } of outboxes) outbox.clear();
      lifetime.abort(new DOMException('Notifications were stopped.', 'AbortError'));
    },
  };
}
