/** Sends a test message to people who are not at the panel. */
import { noticeChannelSchema, noticeChannels } from '../../../shared/models/notifications.ts';
import { type Command, onlyPositional, usageError } from '../command.ts';

export const notifications: Command = {
  name: 'notifications',
  summary: 'send a test message by ntfy, chat, e-mail or webhook',
  usage: [`notifications try ${noticeChannels.join('|')}`],
  options: {},
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    if (verb !== 'try') {
      throw usageError(
        verb === undefined ? 'Say what to do.' : `There is no command "notifications ${verb}".`,
        `Use notifications try ${noticeChannels.join('|')}.`,
      );
    }
    const text = onlyPositional({ ...context, positionals }, 'channel');
    const channel = noticeChannelSchema.safeParse(text);
    if (!channel.success)
      throw usageError(`"${text}" is not a channel.`, `Use ${noticeChannels.join(', ')}.`);
    const link = await context.connect('running');
    const result = await link.call('notifications.try', { channel: channel.data });
    if (!context.json) context.terminal.line(`Test message sent by ${channel.data}.`);
    return result;
  },
};
