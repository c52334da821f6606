/** What is sent to people who are not at the panel. */
const channels: Readonly<Record<string, string>> = {
  ntfy: 'ntfy',
  chat: 'the chat',
  mail: 'e-mail',
  webhook: 'the webhook',
};

export const notificationMessages = {
  NOTICE_TEST: () => 'This is a test message from Pilotlight.',
  NOTICE_TEST_WHY: () => 'If you can read it, this channel works.',
  NOTICE_NOT_SENT: ({ channel }: { channel: string }) =>
    `A notification could not be sent by ${channels[channel] ?? channel}.`,
  NOTICE_STATUS: ({ status }: { status: number }) =>
    `The service refused the message: it answered ${status}.`,
};
