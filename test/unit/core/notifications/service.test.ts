import { expect, test } from 'vitest';
import { createNotificationsService } from '../../../../electron/core/notifications/service.ts';
import type { NoticeBatch, NoticeTarget } from '../../../../electron/core/ports/notices.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { createEmitter } from '../../../../shared/emitter.ts';
import type { ActivityEntry, NewActivityEntry } from '../../../../shared/models/activity.ts';
import { plainText } from '../../../../shared/models/message.ts';
import { defaultSettings, type SecretSetting, type Settings } from '../../../../shared/models/settings.ts';
import { createFakeClock } from '../../../fakes/clock.ts';

function start(own: Partial<Settings['notifications']>, secrets: Partial<Record<SecretSetting, string>>) {
  const clock = createFakeClock();
  const entries = createEmitter<[ActivityEntry]>({ name: 'activity' });
  const changes = createEmitter<[Settings, Settings]>({ name: 'settings' });
  const sent: { target: NoticeTarget; batch: NoticeBatch }[] = [];
  const recorded: NewActivityEntry[] = [];
  const world = { fails: false };
  let settings: Settings = {
    ...defaultSettings,
    notifications: { ...defaultSettings.notifications, ...own },
  };
  const service = createNotificationsService({
    clock,
    timeZone: 'UTC',
    settings: {
      current: () => settings,
      secret: (name) => secrets[name] ?? null,
      onChange: (listener) => changes.on(listener as (now: Settings, before: Settings) => void),
    },
    activity: { record: (entry) => void recorded.push(entry), onRecord: entries.on },
    fleet: {
      get: (id) =>
        id === 'n1'
          ? ({ name: 'tower' } as ReturnType<
              Parameters<typeof createNotificationsService>[0]['fleet']['get']
            >)
          : null,
    },
    async sendNotices(target, batch) {
      if (world.fails) throw new PilotlightError('HOST_UNREACHABLE');
      sent.push({ target, batch });
    },
  });
  let id = 0;
  const happen = (kind: ActivityEntry['kind'], notify = true) => {
    id += 1;
    entries.emit({
      ...{ id, at: clock.now(), kind, severity: 'warning', nodeId: 'n1', notify, why: null },
      message: plainText(kind),
    });
  };
  const change = () => {
    const before = settings;
    settings = { ...settings };
    changes.emit(settings, before);
  };
  return { clock, service, happen, change, sent, recorded, world, secrets };
}

const kindsIn = (batch: NoticeBatch) => batch.notices.map(({ kind }) => kind);

test('each channel gets the kinds that were chosen for it', async () => {
  const { clock, happen, sent } = start(
    { ntfyKinds: ['models'], chatKinds: [], webhookKinds: ['index', 'machines'] },
    {
      'notifications.ntfyUrl': 'https://ntfy.sh/t',
      'notifications.chatUrl': 'https://hooks.slack.com/x',
      'notifications.webhookUrl': 'http://127.0.0.1/hook',
    },
  );
  for (const kind of ['optimizer', 'index', 'power', 'tasks'] as const) happen(kind);
  happen('optimizer', false);
  await clock.advance(2000);
  expect(sent.map(({ target, batch }) => [target.channel, kindsIn(batch)])).toEqual([
    ['ntfy', ['models']],
    ['webhook', ['index', 'machines']],
  ]);
  expect(sent[0]?.batch.notices[0]?.node).toBe('tower');
});

test('e-mail needs a recipient', async () => {
  const secrets = { 'notifications.mailServer': 'smtp://127.0.0.1' };
  const without = start({}, secrets);
  without.happen('power');
  await without.clock.advance(2000);
  expect(without.sent).toEqual([]);
  await expect(without.service.try('mail', AbortSignal.timeout(1000))).rejects.toMatchObject({
    code: 'NOTICE_CHANNEL_NOT_SET',
  });

  const ready = start({ mailTo: ['me@example.org'] }, secrets);
  ready.happen('power');
  await ready.clock.advance(2000);
  expect(ready.sent[0]?.target).toEqual({
    ...{ channel: 'mail', server: 'smtp://127.0.0.1', from: null },
    to: ['me@example.org'],
  });
});

test('a test goes out in quiet hours, and says why it could not', async () => {
  const { service, sent, world } = start(
    { quietHours: { from: 0, to: 1439 } },
    { 'notifications.ntfyUrl': 'https://ntfy.sh/t' },
  );
  await service.try('ntfy', AbortSignal.timeout(1000));
  expect(sent[0]?.batch.notices[0]?.message.code).toBe('NOTICE_TEST');
  world.fails = true;
  await expect(service.try('ntfy', AbortSignal.timeout(1000))).rejects.toMatchObject({
    code: 'HOST_UNREACHABLE',
  });
});

test('what cannot be sent is written down, and does not notify again', async () => {
  const { clock, happen, recorded, world } = start({}, { 'notifications.ntfyUrl': 'https://ntfy.sh/t' });
  world.fails = true;
  happen('power');
  for (const wait of [2000, 15_000, 60_000, 300_000]) await clock.advance(wait);
  expect(recorded).toHaveLength(1);
  expect(recorded[0]).toMatchObject({ message: { code: 'NOTICE_NOT_SENT', params: { channel: 'ntfy' } } });
  expect(recorded[0]?.notify).not.toBe(true);
});

test('a channel that is removed sends nothing that waited', async () => {
  const { clock, happen, change, sent, secrets } = start(
    { quietHours: { from: 0, to: 1439 } },
    { 'notifications.ntfyUrl': 'https://ntfy.sh/t' },
  );
  happen('power');
  delete secrets['notifications.ntfyUrl'];
  change();
  await clock.advance(86_400_000);
  expect(sent).toEqual([]);
});
