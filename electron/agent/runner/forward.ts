/** Passes a request on to the runner's process, as it arrives, and its answer back. */
import { request as send } from 'node:http';
import { AgentError } from '../errors.ts';
import type { Exchange, StreamReply } from '../http/route.ts';
import type { RunnerAddress } from './runner-process.ts';

/** What the runner needs to know of the request; everything else is between the caller and the agent. */
const PASSED_ON = ['content-type', 'content-length', 'transfer-encoding', 'x-pilotlight-priority'];
const PASSED_BACK = [
  ...['content-type', 'content-length', 'retry-after', 'allow'],
  ...['x-compute-type', 'x-compute-tokens', 'x-compute-characters'],
];

/** The `Authorization` of the caller stays here: the runner has a token of its own. */
export function forward(
  { port, token }: RunnerAddress,
  { raw, method }: Exchange,
  onEnd: () => void,
): StreamReply {
  return {
    stream(response) {
      const headers: Record<string, string | string[]> = { authorization: `Bearer ${token}` };
      for (const name of PASSED_ON) {
        const value = raw.headers[name];
        if (value !== undefined) headers[name] = value;
      }
      const asked = send({ host: '127.0.0.1', port, method, path: raw.url, headers, agent: false });
      asked.on('response', (answer) => {
        const back: Record<string, string | string[]> = {
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        };
        for (const name of PASSED_BACK) {
          const value = answer.headers[name];
          if (value !== undefined) back[name] = value;
        }
        response.writeHead(answer.statusCode ?? 502, back);
        answer.pipe(response);
        // A runner that ends in the middle leaves half an answer, which must not look whole.
        answer.on('error', () => response.destroy());
      });
      asked.on('error', () => {
        if (response.headersSent) {
          response.destroy();
          return;
        }
        const error = notReady('it does not answer.');
        response.writeHead(error.status, { 'content-type': 'application/json', ...error.headers });
        response.end(JSON.stringify(error.toBody()));
      });
      raw.pipe(asked);
      return () => {
        onEnd();
        asked.destroy();
      };
    },
  };
}

/** When to ask again, seconds. */
const RETRY_AFTER = '2';

export function notReady(reason: string | null): AgentError {
  return new AgentError('RUNNER_NOT_READY', {
    headers: { 'retry-after': RETRY_AFTER },
    ...(reason === null ? {} : { message: `The runner is not ready: ${reason}` }),
  });
}
