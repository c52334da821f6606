import { errorCatalogue, isPilotlightError } from '../../../shared/contract/errors.ts';
import { plainText } from '../../../shared/models/message.ts';
import type { Http } from '../ports/network.ts';
import type { ActivityService } from './service.ts';

const DEADLINE_MS = 10_000;

/** What every message says; each kind of event has more. */
export interface WebhookMessage {
  event: string;
  node: { id: string; name: string };
  /** RFC 3339, UTC. */
  at: string;
}

/** Posts a message to the address that the person gave. A failure is an activity entry, never more. */
export async function postWebhook(
  {
    http,
    activity,
    kind,
  }: { http: Http; activity: Pick<ActivityService, 'record'>; kind: 'optimizer' | 'power' },
  url: string,
  message: WebhookMessage,
  signal: AbortSignal,
): Promise<void> {
  const warn = (why: string) =>
    activity.record({
      kind,
      severity: 'warning',
      message: plainText('The webhook could not be told.'),
      why: plainText(why),
      nodeId: message.node.id,
    });
  try {
    const reply = await http.request({
      method: 'POST',
      url,
      body: message,
      deadlineMs: DEADLINE_MS,
      maxBytes: 64 * 1024,
      signal,
    });
    if (reply.status >= 400) warn(`It answered with status ${reply.status}.`);
  } catch (error) {
    if (signal.aborted) return;
    warn(isPilotlightError(error) ? error.message : errorCatalogue.INTERNAL.message);
  }
}
