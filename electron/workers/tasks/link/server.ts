/** Pilotlight as a worker sees it: the calls of `shared/contract/task-worker.ts`, and files. */
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { type ErrorCode, errorCodes, PilotlightError } from '../../../../shared/contract/errors.ts';
import {
  uploadHeaders,
  type WorkerAnswer,
  type WorkerCall,
  type WorkerRequest,
  workerCalls,
  workerFilePaths,
} from '../../../../shared/contract/task-worker.ts';
import { parseJson } from '../../../../shared/json.ts';
import type { Http, HttpStream } from '../../../core/ports/network.ts';
import type { LeaseProof } from '../../../core/ports/task-queue.ts';

export interface TaskServer {
  /** Address of Pilotlight, without a slash at the end. */
  readonly base: string;
  /** Rejects with a PilotlightError: what the server said, or why there was no answer; see `isTransient`. */
  call<Call extends WorkerCall>(
    call: Call,
    request: WorkerRequest<Call>,
    options: { signal: AbortSignal; deadlineMs: number },
  ): Promise<WorkerAnswer<Call>>;
  /** From a byte on. The caller reads or closes it. `from` in the answer is where it begins. */
  download(address: string, from: number, signal: AbortSignal): Promise<{ from: number; body: HttpStream }>;
  /** How many bytes of a result have arrived; 0 if the server does not say. */
  uploaded(result: UploadedResult, signal: AbortSignal): Promise<number>;
  /** Sends the rest of a result. Returns the id of its file. */
  upload(result: UploadedResult, from: number, content: Readable, signal: AbortSignal): Promise<string>;
}

export interface UploadedResult extends LeaseProof {
  sizeBytes: number;
  sha256: string;
}

const HEADERS_MS = 30_000;
/** Without a byte for this long, a connection is dead. */
const IDLE_MS = 60_000;
/** A claim has a task for each slot, with the options of its sender. */
const MOST_ANSWER_BYTES = 64 * 1024 * 1024;

/**
 * @param base without a slash at the end
 * @param token never in an address
 */
export function createTaskServer({
  http,
  base,
  token,
}: {
  http: Pick<Http, 'request' | 'open'>;
  base: string;
  token: string;
}): TaskServer {
  const authorization = `Bearer ${token}`;

  return {
    base,
    async call(call, body, { signal, deadlineMs }) {
      const { path, answer } = workerCalls[call];
      const reply = await http.request({
        method: 'POST',
        url: `${base}${path}`,
        headers: { authorization },
        body,
        deadlineMs,
        maxBytes: MOST_ANSWER_BYTES,
        signal,
      });
      if (reply.status !== 200) throw refusal(reply.status, reply.text, reply.headers['retry-after']);
      const parsed = answer.safeParse(parseJson(reply.text));
      if (!parsed.success) throw new PilotlightError('NOT_A_TASK_SERVER');
      return parsed.data as WorkerAnswer<typeof call>;
    },

    async download(address, from, signal) {
      const body = await http.open({
        method: 'GET',
        url: new URL(address, `${base}/`).href,
        headers: from === 0 ? {} : { range: `bytes=${from}-` },
        headersMs: HEADERS_MS,
        idleMs: IDLE_MS,
        signal,
      });
      if (body.status === 200) return { from: 0, body };
      if (body.status === 206) {
        const start = /^bytes (\d+)-/.exec(body.headers['content-range'] ?? '')?.[1];
        if (start !== undefined) return { from: Number(start), body };
      }
      const text = await textOf(body);
      throw refusal(body.status, text, body.headers['retry-after']);
    },

    async uploaded(result, signal) {
      const reply = await http.request({
        method: 'HEAD',
        url: `${base}${workerFilePaths.upload}`,
        headers: { authorization, ...headersOf(result) },
        deadlineMs: HEADERS_MS,
        signal,
      });
      const arrived = Number(reply.headers['upload-offset'] ?? 0);
      return Number.isSafeInteger(arrived) && arrived >= 0 && arrived <= result.sizeBytes ? arrived : 0;
    },

    upload(result, from, content, signal) {
      const { sizeBytes } = result;
      const url = new URL(`${base}${workerFilePaths.upload}`);
      const send = url.protocol === 'https:' ? secureRequest : plainRequest;
      return new Promise((resolve, reject) => {
        const outgoing = send(url, {
          method: 'PUT',
          agent: false,
          signal,
          timeout: IDLE_MS,
          headers: {
            authorization,
            ...headersOf(result),
            'content-type': 'application/octet-stream',
            'content-length': sizeBytes - from,
            ...(from > 0 && { 'content-range': `bytes ${from}-${sizeBytes - 1}/${sizeBytes}` }),
          },
        });
        const fail = (error: unknown) => {
          content.destroy();
          outgoing.destroy();
          reject(signal.aborted ? signal.reason : unreachable(error));
        };
        outgoing.on('error', fail);
        outgoing.on('timeout', () => fail(new Error('The connection was silent for too long.')));
        outgoing.on('response', (incoming) => {
          let text = '';
          incoming.setEncoding('utf8');
          incoming.on('data', (part: string) => {
            if (text.length < 65_536) text += part;
          });
          incoming.on('error', fail);
          incoming.on('end', () => {
            content.destroy();
            if (incoming.statusCode !== 200) return reject(refusal(incoming.statusCode ?? 502, text));
            const { fileId } = Object(parseJson(text)) as { fileId?: unknown };
            if (typeof fileId === 'string') resolve(fileId);
            else reject(new PilotlightError('NOT_A_TASK_SERVER'));
          });
        });
        content.on('error', fail);
        content.pipe(outgoing);
      });
    },
  };
}

const headersOf = ({ id, token, sha256 }: UploadedResult) => ({
  [uploadHeaders.sha256]: sha256,
  [uploadHeaders.task]: id,
  [uploadHeaders.token]: token,
});

async function textOf(stream: HttpStream): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream.body) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > 65_536) break;
    }
  } catch {
    // The status says enough.
  }
  return text;
}

const unreachable = (error: unknown) =>
  new PilotlightError('HOST_UNREACHABLE', {
    details: { system: error instanceof Error ? error.message : String(error) },
    cause: error,
  });

const isErrorCode = (code: unknown): code is ErrorCode => errorCodes.includes(code as ErrorCode);

/** What the server said; `details.status` is the status of its answer. */
function refusal(status: number, text: string, retryAfter?: string): PilotlightError {
  const { code, error, next } = Object(parseJson(text)) as Record<string, unknown>;
  const details = { status, ...(retryAfter === undefined ? {} : { retryAfter }) };
  if (isErrorCode(code)) {
    return new PilotlightError(code, {
      ...(typeof error === 'string' ? { message: error } : {}),
      ...(typeof next === 'string' ? { next } : {}),
      details,
    });
  }
  if (status === 429 || status >= 500) return new PilotlightError('SERVER_ERROR', { details });
  return new PilotlightError('NOT_A_TASK_SERVER', { details });
}
