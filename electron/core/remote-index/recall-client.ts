/** Client of a Recall server. Never follows a redirect, so that a key reaches no other machine. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { readDoor } from '../../../shared/network/door.ts';
import type { Http, HttpReply, HttpRequest } from '../ports/network.ts';
import {
  type RecallJob,
  type RecallNow,
  readJob,
  readJobIds,
  readNow,
  readSaid,
  readStarted,
} from './recall-answers.ts';

export interface RecallStart {
  vault: string;
  full: boolean;
  rebuild: boolean;
  useGpu: boolean;
}

/**
 * Each call rejects with REMOTE_INDEX_UNREACHABLE, REMOTE_INDEX_REFUSED, REMOTE_INDEX_FAILED or NOT_A_RECALL_SERVER, or
 * with the signal's reason.
 */
export interface RecallClient {
  now(signal: AbortSignal): Promise<RecallNow>;
  /** null if the server does not know the job. */
  job(jobId: string, signal: AbortSignal): Promise<RecallJob | null>;
  /** Newest first. */
  jobIds(signal: AbortSignal): Promise<string[]>;
  /** The id of the job. After REMOTE_INDEX_UNREACHABLE it may have started all the same. */
  start(how: RecallStart, signal: AbortSignal): Promise<string>;
  /** Whether it was asked for or had ended already is seen at the job. */
  cancel(jobId: string, signal: AbortSignal): Promise<void>;
}

export interface RecallServer {
  http: Http;
  /** As it is saved. */
  url: string;
  key: string | null;
}

const DEADLINE_MS = 10_000;
/** A server may wake its own machine before it answers. */
const START_DEADLINE_MS = 30_000;
const MOST_BYTES = 512 * 1024;

export function createRecallClient({ http, url, key }: RecallServer): RecallClient {
  const { host } = new URL(url);

  async function send(
    request: Pick<HttpRequest, 'method' | 'body' | 'signal'>,
    path: string,
    deadlineMs: number,
  ) {
    try {
      return await http.request({
        ...request,
        ...{ url: `${url}/index/${path}`, deadlineMs, maxBytes: MOST_BYTES, fresh: true },
        ...(key === null ? {} : { headers: { authorization: `Bearer ${key}` } }),
      });
    } catch (error) {
      if (request.signal?.aborted) throw request.signal.reason;
      throw unreached(host, error);
    }
  }

  /** Throws for anything but a success, except for the statuses that are named. */
  function check(reply: HttpReply, accepted: readonly number[] = []): unknown {
    const value = parseAnswer(reply.text);
    if (accepted.includes(reply.status)) return value;
    const door = readDoor(reply, url);
    if (door?.kind === 'elsewhere') {
      throw notRecall(fact('REMOTE_ELSEWHERE', { host, to: door.to }));
    }
    if (reply.status === 401 || reply.status === 403) {
      throw new PilotlightError('REMOTE_INDEX_REFUSED', {
        message: fact('REMOTE_REFUSED', { host, sent: key !== null }),
        details: { status: reply.status },
      });
    }
    if (reply.status >= 200 && reply.status < 300) return value;
    const { status } = reply;
    const message = fact('REMOTE_STATUS', { host, status, said: readSaid(value) });
    if (status === 404 || status === 405) throw notRecall(message, status);
    throw new PilotlightError('REMOTE_INDEX_FAILED', { message, details: { status } });
  }

  function expected<Answer>(answer: Answer | null): Answer {
    if (answer === null) throw notRecall();
    return answer;
  }

  const path = (verb: string, jobId: string) => `${verb}/${encodeURIComponent(jobId)}`;

  return {
    async now(signal) {
      return expected(readNow(check(await send({ method: 'GET', signal }, 'progress', DEADLINE_MS))));
    },
    async job(jobId, signal) {
      const reply = await send({ method: 'GET', signal }, path('status', jobId), DEADLINE_MS);
      const value = check(reply, [404]);
      return reply.status === 404 ? null : expected(readJob(value, jobId));
    },
    async jobIds(signal) {
      return expected(
        readJobIds(check(await send({ method: 'GET', signal }, 'jobs?limit=100', DEADLINE_MS))),
      );
    },
    async start({ vault, full, rebuild, useGpu }, signal) {
      const body = { vault, full, rebuild, callback_url: null, use_gpu: useGpu };
      return expected(
        readStarted(check(await send({ method: 'POST', body, signal }, 'start', START_DEADLINE_MS))),
      );
    },
    async cancel(jobId, signal) {
      const body = {};
      check(await send({ method: 'POST', body, signal }, path('cancel', jobId), DEADLINE_MS), [404, 409]);
    },
  };
}

const notRecall = (message?: Message, status?: number) =>
  new PilotlightError('NOT_A_RECALL_SERVER', {
    ...(message === undefined ? {} : { message }),
    ...(status === undefined ? {} : { details: { status } }),
  });

function unreached(host: string, cause: unknown): PilotlightError {
  const code = isPilotlightError(cause) ? cause.code : 'INTERNAL';
  if (code === 'RESPONSE_TOO_LARGE') return notRecall();
  return new PilotlightError('REMOTE_INDEX_UNREACHABLE', {
    message: fact(whyUnreached(code), { host }),
    details: { reason: code },
    cause,
  });
}

function whyUnreached(code: string) {
  if (code === 'HOST_TIMEOUT') return 'REMOTE_NO_ANSWER';
  return code === 'NAME_NOT_RESOLVED' ? 'REMOTE_NAME_UNKNOWN' : 'REMOTE_NO_CONNECTION';
}
