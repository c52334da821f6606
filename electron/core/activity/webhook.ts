import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message } from '../../../shared/models/message.ts';
import type { Http } from '../ports/network.ts';
import type { ActivityService } from './service.ts';

const DEADLINE_MS = 10_000;

/** The fields of every webhook message; each event adds its own. */
export interface WebhookMessage {
  event: string;
  node: { id: string; name: string };
  /** RFC 3339, UTC. */
  at: string;
}

/** Posts a message to the configured URL. Never rejects; a failure is recorded as activity. */
export async function postWebhook(
  {
    http,
    activity,
    kind,
  }: { http: Http; activity: Pick<ActivityService, 'record'>; kind: 'optimizer' | 'power' },
  url: string,
  message: WebhookMessage,
  signal: AbortSignal,
  /** Messages to add to the body as text. */
  texts: Readonly<Record<string, Message>> = {},
): Promise<void> {
  const warn = (why: Message) =>
    activity.record({
      kind,
      severity: 'warning',
      message: fact('WEBHOOK_FAILED'),
      why,
      nodeId: message.node.id,
    });
  try {
    const reply = await http.request({
      method: 'POST',
      url,
      body: message,
      texts,
      deadlineMs: DEADLINE_MS,
      maxBytes: 64 * 1024,
      signal,
    });
    if (reply.status >= 400) warn(fact('WEBHOOK_STATUS', { status: reply.status }));
  } catch (error) {
    if (signal.aborted) return;
    warn(errorMessage(isPilotlightError(error) ? error : new PilotlightError('INTERNAL')));
  }
}
