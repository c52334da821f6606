/** Sends notices to people who are not at the panel. */
import type { ActivityEntry } from '../../../shared/models/activity.ts';
import type { NoticeKind } from '../../../shared/notice-kinds.ts';

export type Notice = Pick<ActivityEntry, 'at' | 'severity' | 'message' | 'why'> & {
  kind: NoticeKind;
  /** The machine's name; null if it is about none. */
  node: string | null;
};

/** What is sent as one message, oldest first. */
export interface NoticeBatch {
  notices: readonly Notice[];
  /** How many more there were. */
  more: number;
}

/** Where to. Addresses may contain a token or a password. */
export type NoticeTarget =
  | { channel: 'ntfy' | 'chat' | 'webhook'; url: string }
  | { channel: 'mail'; server: string; from: string | null; to: readonly string[] };

/**
 * Sends one message. Rejects with a PilotlightError: one of `Http`, NOTICE_REFUSED if the service answers with an error,
 * MAIL_REFUSED if the mail server does, or the signal's reason.
 */
export type SendNotices = (target: NoticeTarget, batch: NoticeBatch, signal: AbortSignal) => Promise<void>;
