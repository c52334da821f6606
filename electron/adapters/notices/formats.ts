/** How a message looks on each channel. Pure. */

import { printable } from '../../../shared/printable.ts';
import { textOf, textOrEmpty } from '../../../shared/text/index.ts';
import { plural } from '../../../shared/units.ts';
import type { Notice, NoticeBatch } from '../../core/ports/notices.ts';

export interface Written {
  /** One line. */
  title: string;
  /** Lines; empty if the title says it all. */
  body: string;
}

const lineOf = ({ message, why }: Notice): string =>
  [message, why]
    .map((one) => printable(textOrEmpty(one)))
    .filter(Boolean)
    .join(' ');

/** One event is its own title; several are lines under their number. */
export function writeBatch({ notices, more }: NoticeBatch): Written {
  const [only] = notices;
  if (only !== undefined && notices.length === 1 && more === 0) {
    return { title: printable(textOf(only.message)), body: printable(textOrEmpty(only.why)) };
  }
  const lines = notices.map((notice) => `• ${lineOf(notice)}`);
  if (more > 0) lines.unshift(`• ${plural(more, 'earlier event')}, in Activity`);
  return { title: `Pilotlight: ${notices.length + more} events`, body: lines.join('\n') };
}

const worst = ({ notices }: NoticeBatch) =>
  (['error', 'warning', 'success'] as const).find((one) =>
    notices.some(({ severity }) => severity === one),
  ) ?? 'info';

/** Messages of Discord end here; those of Slack are cut off by it at 40,000. */
const MOST_LETTERS = { discord: 2000, slack: 4000, ntfy: 4000 } as const;

const shortened = (text: string, most: number): string => {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
};

/** ntfy takes JSON at the root of the server, with the topic of the address in it. */
export function ntfyMessage(address: string, batch: NoticeBatch): { url: string; body: object } {
  const url = new URL(address);
  const path = url.pathname.replace(/\/+$/, '');
  const cut = path.lastIndexOf('/');
  url.pathname = path.slice(0, cut) || '/';
  const { title, body } = writeBatch(batch);
  const severity = worst(batch);
  return {
    url: url.href,
    body: {
      topic: decodeURIComponent(path.slice(cut + 1)),
      title,
      message: shortened(body || title, MOST_LETTERS.ntfy),
      priority: severity === 'error' ? 4 : 3,
      tags: severity === 'error' || severity === 'warning' ? ['warning'] : ['fire'],
    },
  };
}

const isDiscord = (address: string): boolean =>
  /(?:^|\.)discord(?:app)?\.com$/.test(new URL(address).hostname);

export function chatMessage(address: string, batch: NoticeBatch): object {
  const { title, body } = writeBatch(batch);
  const text = body === '' ? title : `${title}\n${body}`;
  if (isDiscord(address)) {
    // An @ in the name of a model or file must not mention anyone.
    return {
      username: 'Pilotlight',
      content: shortened(text, MOST_LETTERS.discord),
      allowed_mentions: { parse: [] },
    };
  }
  // Slack reads these three as its own signs.
  const escaped = shortened(text, MOST_LETTERS.slack)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
  return { text: escaped };
}

/** For programs: every event with its code. */
export const webhookMessage = ({ notices, more }: NoticeBatch): object => ({
  event: 'notices',
  more,
  notices: notices.map((notice) => ({
    at: new Date(notice.at).toISOString(),
    kind: notice.kind,
    severity: notice.severity,
    node: notice.node,
    code: notice.message.code,
    message: textOf(notice.message),
    why: textOrEmpty(notice.why),
  })),
});
