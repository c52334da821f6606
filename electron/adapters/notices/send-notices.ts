/** Sends notices to the service that a person chose. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Http } from '../../core/ports/network.ts';
import type { SendNotices } from '../../core/ports/notices.ts';
import { chatMessage, ntfyMessage, webhookMessage, writeBatch } from './formats.ts';
import { sendMail } from './mail.ts';

const DEADLINE_MS = 15_000;

export function createSendNotices({ http }: { http: Http }): SendNotices {
  async function post(url: string, body: object, signal: AbortSignal): Promise<void> {
    const reply = await http.request({
      ...{ method: 'POST', url, body, signal },
      deadlineMs: DEADLINE_MS,
      maxBytes: 64 * 1024,
    });
    if (reply.status < 200 || reply.status >= 300) {
      throw new PilotlightError('NOTICE_REFUSED', {
        message: fact('NOTICE_STATUS', { status: reply.status }),
      });
    }
  }

  return (target, batch, signal) => {
    if (target.channel === 'mail') return sendMail({ ...target, ...writeBatch(batch) }, signal);
    const { channel, url } = target;
    if (channel === 'chat') return post(url, chatMessage(url, batch), signal);
    if (channel === 'webhook') return post(url, webhookMessage(batch), signal);
    const ntfy = ntfyMessage(url, batch);
    return post(ntfy.url, ntfy.body, signal);
  };
}
