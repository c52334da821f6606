import { isPilotlightError } from '../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message, plainText } from '../../../shared/models/message.ts';
import type { Http, HttpRequest } from '../ports/network.ts';

/** Posts JSON to an address that a person or a script chose. Resolves with null if it was accepted, else with why not. */
export async function postJson(
  { http, url, body, refuse }: { http: Http; url: string; body: object } & Pick<HttpRequest, 'refuse'>,
  signal: AbortSignal,
): Promise<Message | null> {
  try {
    const { status } = await http.request({
      ...{ method: 'POST', url, body, deadlineMs: 10_000, maxBytes: 65_536, signal },
      ...(refuse && { refuse }),
    });
    return status >= 200 && status < 300 ? null : fact('ANSWERED_STATUS', { status });
  } catch (error) {
    if (signal.aborted) throw error;
    return isPilotlightError(error) ? errorMessage(error) : plainText(String(error));
  }
}
