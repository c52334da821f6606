/** A request to the agent that runs on this machine. */
import http from 'node:http';
import { type AgentEndpoint, type AnswerSent, agentPath } from '../../shared/contract/agent.ts';
import { readListening } from './agent.ts';
import { AgentError, isAgentErrorCode } from './errors.ts';

const DEADLINE_MS = 5000;

export interface LocalCall {
  token?: string;
  body?: object;
  /** Panel or lease in the path. */
  id?: string;
}

/** Throws NOT_RUNNING, or the agent's own error with its message. */
export function callLocal<Endpoint extends AgentEndpoint>(
  folder: string,
  endpoint: Endpoint,
  { token, body, id }: LocalCall = {},
): Promise<AnswerSent<Endpoint>> {
  const listening = readListening(folder);
  const at = listening?.find(({ roles }) => roles.includes('power')) ?? listening?.[0];
  if (at === undefined) return Promise.reject(new AgentError('NOT_RUNNING'));
  const host = at.address === '0.0.0.0' ? '127.0.0.1' : at.address === '::' ? '::1' : at.address;
  const content = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        host,
        port: at.port,
        path: agentPath(endpoint, id),
        method: endpoint.method,
        timeout: DEADLINE_MS,
        headers: {
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          if (response.statusCode === 200) resolve(JSON.parse(text) as AnswerSent<Endpoint>);
          else reject(toRefusal(text));
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('The agent does not answer.')));
    request.on('error', (error) => reject(new AgentError('NOT_RUNNING', { cause: error })));
    request.end(content);
  });
}

function toRefusal(text: string): AgentError {
  try {
    const { error } = JSON.parse(text) as { error: { code: string; message: string; next: string } };
    return new AgentError(isAgentErrorCode(error.code) ? error.code : 'INTERNAL', {
      message: error.message,
      next: error.next,
    });
  } catch {
    return new AgentError('NOT_RUNNING');
  }
}
