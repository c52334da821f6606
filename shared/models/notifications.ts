/** The settings of notifications, and what is sent. Addresses may contain tokens and passwords, so they are secrets. */
import * as z from 'zod';
import { isMailAddress } from '../network/mail.ts';
import { noticeKinds } from '../notice-kinds.ts';

/** `chat`: an incoming webhook of Discord, Slack, or a server that reads Slack's messages. */
export const noticeChannels = ['ntfy', 'chat', 'mail', 'webhook'] as const;
export const noticeChannelSchema = z.enum(noticeChannels);
export type NoticeChannel = z.infer<typeof noticeChannelSchema>;

export const noticeKindSchema = z.enum(noticeKinds);

const minuteOfDay = z.number().int().min(0).max(1439);

/** From a minute of the local day to another; it may cross midnight. */
export const quietHoursSchema = z
  .object({ from: minuteOfDay, to: minuteOfDay })
  .refine(({ from, to }) => from !== to, 'must not begin and end at the same minute');
export type QuietHours = z.infer<typeof quietHoursSchema>;

const kinds = z
  .array(noticeKindSchema)
  .max(noticeKinds.length)
  .default([...noticeKinds]);

const mailAddress = z.string().trim().min(3).max(254).refine(isMailAddress, 'this is not an e-mail address');

export const notificationsSettingsSchema = z.object({
  /** Nothing is shown or sent during these hours; a summary is sent when they end. */
  quietHours: quietHoursSchema.nullable().default(null),
  /** What the desktop app and a browser that allows it show. */
  desktopKinds: kinds,
  ntfyKinds: kinds,
  chatKinds: kinds,
  mailKinds: kinds,
  webhookKinds: kinds,
  mailTo: z.array(mailAddress).max(20).default([]),
  /** null for the user of the server's address. */
  mailFrom: mailAddress.nullable().default(null),
});
export type NotificationsSettings = z.infer<typeof notificationsSettingsSchema>;
