/** The settings of notifications. */
import type { NoticeKind } from '../../../shared/notice-kinds.ts';
import type { SettingField } from './setting-field.ts';

const kinds: Readonly<Record<NoticeKind, string>> = {
  machines: 'Machines',
  models: 'Models and GPUs',
  index: 'Index runs',
  tasks: 'Tasks',
  pilotlight: 'Pilotlight itself',
};

const field = (part: Omit<SettingField, 'section'>): SettingField => ({ section: 'notifications', ...part });
const kindsOf = (key: string, label: string, about: string) =>
  field({ key, kind: 'choices', label, about, options: kinds });

export const notificationFields: readonly SettingField[] = [
  field({
    key: 'quietHours',
    kind: 'hours',
    label: 'Quiet hours',
    about: 'Nothing is shown or sent. What happened is sent at their end, as one message.',
  }),
  kindsOf(
    'desktopKinds',
    'On this desktop',
    'What the desktop app shows, and a browser that you allowed it to. Models and GPUs: for example, a priority model that fell to the CPU.',
  ),
  field({
    key: 'ntfyUrl',
    kind: 'text',
    label: 'ntfy',
    about: 'Your topic, such as https://ntfy.sh/TOPIC. With an access token: https://:TOKEN@HOST/TOPIC.',
  }),
  kindsOf('ntfyKinds', 'Sent to ntfy', 'What is sent to the topic.'),
  field({
    key: 'chatUrl',
    kind: 'text',
    label: 'Discord or Slack',
    about: 'The address of an incoming webhook. Mattermost and others that read Slack’s messages work, too.',
  }),
  kindsOf('chatKinds', 'Sent to Discord or Slack', 'What is sent to the channel.'),
  field({
    key: 'mailServer',
    kind: 'text',
    label: 'Mail server',
    about:
      'Such as smtps://USER:PASSWORD@HOST, with %40 for an @ in the user. smtp:// uses port 587 and encrypts by STARTTLS.',
  }),
  field({
    key: 'mailTo',
    kind: 'lines',
    label: 'E-mail to',
    about: 'One address per line.',
  }),
  field({
    key: 'mailFrom',
    kind: 'name',
    label: 'E-mail from',
    about: 'Leave empty for the user of the mail server.',
  }),
  kindsOf('mailKinds', 'Sent by e-mail', 'What is sent to these addresses.'),
  field({
    key: 'webhookUrl',
    kind: 'text',
    label: 'Webhook',
    about: 'Gets the events as JSON, each with its code, message and machine.',
  }),
  kindsOf('webhookKinds', 'Sent to the webhook', 'What is posted to it.'),
];
