import { request } from 'node:http';
import {
  fromWireError,
  isPilotlightError,
  PilotlightError,
  wireErrorSchema,
} from '../../shared/contract/errors.ts';
import { callPath, exchangePath, openingPath, openingResultSchema } from '../../shared/contract/link.ts';
import {
  type MethodInput,
  type MethodName,
  type MethodResult,
  methods,
} from '../../shared/contract/methods.ts';
import { type Endpoint, readEndpoint } from './endpoint.ts';
import type { OpeningPlace } from './opening-pages.ts';

/** Calls a running core over its endpoint file. */
export interface CoreClient {
  readonly endpoint: Endpoint;
  /** Rejects with the core's own error, or NOT_RUNNING if nothing answers there any more. */
  call<Name extends MethodName>(
    method: Name,
    params: MethodInput<Name>,
    signal?: AbortSignal,
  ): Promise<MethodResult<Name>>;
  /** A new address that signs a browser in once. */
  oneTimeUrl(signal?: AbortSignal): Promise<string>;
  /** The path of a private page that opens another one; null if there can be none. */
  openingPage(place: OpeningPlace, signal?: AbortSignal): Promise<string | null>;
}

export function createCoreClient(endpoint: Endpoint): CoreClient {
  return {
    endpoint,
    async call(method, params, signal) {
      const result = await post(endpoint, callPath(method), params, signal);
      const parsed = methods[method].result.safeParse(result);
      // Another program, or a core of another version.
      if (!parsed.success) throw new PilotlightError('NOT_RUNNING', { cause: parsed.error });
      return parsed.data as MethodResult<typeof method>;
    },
    async oneTimeUrl(signal) {
      const reply = await post(endpoint, `${exchangePath}/token`, {}, signal);
      if (typeof reply === 'object' && reply !== null && 'url' in reply && typeof reply.url === 'string') {
        return reply.url;
      }
      throw new PilotlightError('NOT_RUNNING');
    },
    async openingPage(place, signal) {
      const parsed = openingResultSchema.safeParse(await post(endpoint, openingPath, { place }, signal));
      return parsed.success ? parsed.data.page : null;
    },
  };
}

/**
 * The core that runs with this data folder, or null. An endpoint file left by a killed core is detected by a request:
 * nothing answers, or what answers does not accept the token.
 */
export async function findRunningCore(dataFolder: string, signal?: AbortSignal): Promise<CoreClient | null> {
  const endpoint = readEndpoint(dataFolder);
  if (endpoint === null) return null;
  const client = createCoreClient(endpoint);
  const late = AbortSignal.timeout(answerDeadlineMs);
  try {
    await client.call('core.status', {}, signal === undefined ? late : AbortSignal.any([signal, late]));
    return client;
  } catch (error) {
    signal?.throwIfAborted();
    if (late.aborted || isGone(error)) return null;
    throw error;
  }
}

/** Nothing answers there any more, or it is not the core of the endpoint file. */
export const isGone = (error: unknown): boolean => isPilotlightError(error) && strangers.has(error.code);

/** A core on this computer that does not report its status within this time counts as not running. */
const answerDeadlineMs = 3000;

const strangers: ReadonlySet<string> = new Set([
  'NOT_RUNNING',
  'UNAUTHORIZED',
  'FORBIDDEN_ORIGIN',
  'NOT_FOUND',
  'STOPPING',
]);

/** Largest response that is read, and how long a connection may be idle meanwhile. */
const maxAnswerBytes = 64 * 1_048_576;

function post(endpoint: Endpoint, path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = JSON.stringify(body);
    const outgoing = request(
      new URL(path, endpoint.url),
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${endpoint.token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        },
        ...(signal === undefined ? {} : { signal }),
      },
      (reply) => {
        const chunks: Buffer[] = [];
        let size = 0;
        reply.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > maxAnswerBytes) reply.destroy(new PilotlightError('NOT_RUNNING'));
          else chunks.push(chunk);
        });
        reply.on('error', failed);
        reply.on('end', () => {
          try {
            resolve(readReply(reply.statusCode ?? 0, Buffer.concat(chunks).toString()));
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    function failed(error: unknown): void {
      if (signal?.aborted) reject(signal.reason);
      else reject(isPilotlightError(error) ? error : new PilotlightError('NOT_RUNNING', { cause: error }));
    }
    outgoing.on('error', failed);
    outgoing.end(text);
  });
}

function readReply(status: number, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    // Another program uses the port by now.
    throw new PilotlightError('NOT_RUNNING', { cause });
  }
  if (status === 200) return body;
  const parsed = wireErrorSchema.safeParse(body);
  if (!parsed.success) throw new PilotlightError('NOT_RUNNING');
  throw fromWireError(parsed.data);
}
