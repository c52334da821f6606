import { fromWireError, isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { type LocalCall, localAnswerSchema, localPaths } from '../../shared/contract/link.ts';
import {
  type MethodInput,
  type MethodName,
  type MethodResult,
  methods,
} from '../../shared/contract/methods.ts';
import { eitherOf } from '../../shared/either.ts';
import { callSealed, LocalCallError } from '../adapters/http/local-calls/client.ts';
import { type Endpoint, readEndpoint } from './endpoint.ts';
import type { OpeningPlace } from './opening-pages.ts';
import { requireOwnEndpoint } from './own-data.ts';

/** Calls a running core over its endpoint file. The token is not sent: another program may have its port by now. */
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
      const result = await ask(endpoint, { do: 'call', method, params }, signal);
      const parsed = methods[method].result.safeParse(result);
      // A core of another version.
      if (!parsed.success) throw new PilotlightError('NOT_RUNNING', { cause: parsed.error });
      return parsed.data as MethodResult<typeof method>;
    },
    async oneTimeUrl(signal) {
      const url = await ask(endpoint, { do: 'open' }, signal);
      if (typeof url === 'string') return url;
      throw new PilotlightError('NOT_RUNNING');
    },
    async openingPage(place, signal) {
      const page = await ask(endpoint, { do: 'page', place }, signal);
      return typeof page === 'string' ? page : null;
    },
  };
}

/**
 * The core that runs with this data folder, or null. An endpoint file left by a killed core is detected by a request:
 * nothing answers, or what answers does not have its token. Rejects with UNSAFE_PERMISSIONS if others could have changed
 * or read that file.
 */
export async function findRunningCore(dataFolder: string, signal?: AbortSignal): Promise<CoreClient | null> {
  await requireOwnEndpoint(dataFolder);
  const endpoint = readEndpoint(dataFolder);
  if (endpoint === null) return null;
  const client = createCoreClient(endpoint);
  const late = AbortSignal.timeout(answerDeadlineMs);
  try {
    using limited = eitherOf(signal, late);
    await client.call('core.status', {}, limited.signal);
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

/** Largest answer that is read. */
const maxAnswerBytes = 64 * 1_048_576;
const never = new AbortController().signal;

async function ask({ url, token }: Endpoint, call: LocalCall, signal = never): Promise<unknown> {
  const { hostname: host, port } = new URL(url);
  const server = { host, port: Number(port), paths: localPaths, token };
  let answer: unknown;
  try {
    answer = await callSealed(server, call, { signal, maxAnswerBytes });
  } catch (error) {
    if (!(error instanceof LocalCallError)) throw error;
    throw new PilotlightError('NOT_RUNNING', { cause: error });
  }
  const parsed = localAnswerSchema.safeParse(answer).data;
  if (parsed === undefined) throw new PilotlightError('NOT_RUNNING');
  if ('error' in parsed) throw fromWireError(parsed.error);
  return parsed.result;
}
