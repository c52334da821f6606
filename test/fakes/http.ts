/** An HTTP client in front of sites that a test writes down; what is not there has no route. */
import type { Http, HttpReply, HttpRequest } from '../../electron/core/ports/network.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';

/**
 * Path to answer: a text, a value that is sent as JSON, or a whole reply with a number as its status. `silent` takes no
 * connection in time.
 */
export type FakeSite = Record<string, unknown> | 'refused' | 'silent' | 'stuck';

/** For a fake whose requests are not streamed. */
export const noStreams: Pick<Http, 'open'> = {
  open: async ({ url }) => {
    throw new Error(`Nothing streams from ${url} here.`);
  },
};

export interface FakeHttp extends Http {
  /** Every URL that was asked, in order. */
  readonly asked: string[];
  readonly requests: HttpRequest[];
}

/** Sites by their base URL; `*` stands for any port. */
export function createFakeHttp(sites: Record<string, FakeSite>): FakeHttp {
  const asked: string[] = [];
  const requests: HttpRequest[] = [];
  return {
    asked,
    requests,
    ...noStreams,
    async request(request) {
      request.signal?.throwIfAborted();
      asked.push(request.url);
      requests.push(request);
      const anyPort = request.url.replace(/^(https?:\/\/[^/]+):\d+/, '$1:*');
      const base = Object.keys(sites).find(
        (one) => request.url.startsWith(`${one}/`) || anyPort.startsWith(`${one}/`),
      );
      const site = base === undefined ? undefined : sites[base];
      switch (site) {
        case undefined:
          throw new PilotlightError('HOST_UNREACHABLE', {
            details: { phase: 'connect', reason: 'no-route' },
          });
        case 'refused':
          throw new PilotlightError('HOST_UNREACHABLE', { details: { phase: 'connect', reason: 'refused' } });
        case 'silent':
          throw new PilotlightError('HOST_TIMEOUT', { details: { phase: 'connect' } });
        case 'stuck':
          throw new PilotlightError('HOST_TIMEOUT', { details: { phase: 'answer' } });
      }
      const path = base?.endsWith(':*') ? new URL(request.url).pathname : request.url.slice(base?.length);
      const body = site[path];
      if (body === undefined) return { status: 404, headers: {}, text: '404 page not found' };
      if (isReply(body)) return { headers: {}, text: '', ...body };
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status: 200, headers: {}, text };
    },
  };
}

function isReply(body: unknown): body is Pick<HttpReply, 'status'> {
  return typeof body === 'object' && body !== null && 'status' in body && typeof body.status === 'number';
}
