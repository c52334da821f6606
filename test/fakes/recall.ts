/**
 * A Recall server with the shapes and habits of the existing one, in memory or on loopback. A test moves its job along.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Http } from '../../electron/core/ports/network.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';
import { noStreams } from './http.ts';

export interface RecallJobState {
  job_id: string;
  status: 'pending' | 'running' | 'completed' | 'failed';
  vault: string;
  full: boolean;
  started_at: string;
  completed_at: string | null;
  indexed: number;
  error: string | null;
  processed: number;
  total: number;
  current_file: string;
  cancelled: boolean;
}

/** How it misbehaves: `drop` closes the connection, `lose` does the work but drops the answer, or a whole reply. */
export type RecallFault =
  | 'drop'
  | 'lose'
  | { status: number; body: string; headers?: Record<string, string> };

export interface RecallCall {
  method: string;
  path: string;
  authorization: string | undefined;
  body: string;
}

/** null for a connection that is closed without an answer. */
export type RecallReply = { status: number; text: string; headers: Record<string, string> } | null;

export interface FakeRecall {
  /** Newest first. */
  readonly jobs: RecallJobState[];
  /** `POST start`, `GET progress`, … in order. */
  readonly asked: string[];
  readonly starts: Record<string, unknown>[];
  key: string | null;
  /** By `METHOD verb`, or `*` for every call. */
  readonly faults: Map<string, RecallFault>;
  /** Begins a job as another program would. */
  begin(vault?: string): RecallJobState;
  current(): RecallJobState | null;
  advance(processed: number, total: number, file?: string): void;
  end(status: 'completed' | 'failed', error?: string): void;
  /** Resolves when a call like `GET status` has been answered, from now on. */
  answered(call: string): Promise<void>;
  handle(call: RecallCall): RecallReply;
}

export function createFakeRecall(key: string | null = null): FakeRecall {
  const jobs: RecallJobState[] = [];
  const asked: string[] = [];
  const starts: Record<string, unknown>[] = [];
  const faults = new Map<string, RecallFault>();
  const waiting: { call: string; resolve(): void }[] = [];
  let count = 0;

  const current = () => jobs.find(({ status }) => status === 'running' || status === 'pending') ?? null;

  function begin(vault = 'all', full = false): RecallJobState {
    count += 1;
    const job: RecallJobState = {
      ...{ job_id: `job-${count}`, status: 'running', vault, full, started_at: new Date().toISOString() },
      ...{ completed_at: null, indexed: 0, error: null, processed: 0, total: 0, current_file: '' },
      cancelled: false,
    };
    jobs.unshift(job);
    return job;
  }

  function end(status: 'completed' | 'failed', error: string | null = null): void {
    const job = current();
    if (job === null) throw new Error('No job is running.');
    Object.assign(job, { status, error, indexed: job.processed, completed_at: new Date().toISOString() });
  }

  const percentOf = ({ processed, total }: RecallJobState) =>
    total === 0 ? 0 : Math.round((processed / total) * 1000) / 10;

  function answer(
    method: string,
    verb: string,
    id: string,
    body: Record<string, unknown>,
  ): [number, unknown] {
    switch (`${method} ${verb}`) {
      case 'POST start': {
        starts.push(body);
        if (current() !== null) return [409, { error: 'Indexing is already running' }];
        const job = begin(String(body.vault ?? 'all'), body.full === true);
        return [200, { job_id: job.job_id, status: 'started' }];
      }
      case 'GET progress': {
        const job = current();
        if (job === null) {
          const last = jobs[0];
          return [
            200,
            {
              status: 'idle',
              last_job: last
                ? {
                    job_id: last.job_id,
                    status: last.status,
                    indexed: last.indexed,
                    completed_at: last.completed_at,
                  }
                : null,
            },
          ];
        }
        const { job_id, processed, total, current_file } = job;
        return [
          200,
          {
            ...{ status: 'running', job_id, processed, total, percent: percentOf(job), current_file },
            ...{ eta_seconds: total - processed, eta_human: 'soon', elapsed_seconds: 1 },
          },
        ];
      }
      case 'GET status': {
        const job = jobs.find(({ job_id }) => job_id === id);
        if (job === undefined) return [404, { detail: 'Job not found' }];
        const isActive = job.status === 'running' || job.status === 'pending';
        const { processed, total, current_file } = job;
        return [
          200,
          {
            ...{ job_id: id, status: job.status, started_at: job.started_at, completed_at: job.completed_at },
            ...{ duration_ms: null, indexed: job.indexed, error: job.error },
            progress: isActive
              ? { processed, total, percent: percentOf(job), current_file, eta_seconds: total - processed }
              : null,
          },
        ];
      }
      case 'POST cancel': {
        const job = jobs.find(({ job_id }) => job_id === id);
        if (job === undefined) return [404, { detail: 'Job not found' }];
        if (job.status !== 'running') return [200, { status: 'already_finished', job_status: job.status }];
        job.cancelled = true;
        return [200, { status: 'cancel_requested', job_id: id }];
      }
      case 'GET jobs':
        return [
          200,
          {
            jobs: jobs.map(({ job_id, status, vault, full, started_at, indexed }) => ({
              ...{ job_id, status, vault, full, started_at, indexed },
            })),
          },
        ];
      default:
        return [404, { detail: 'Not Found' }];
    }
  }

  function handle({ method, path, authorization, body }: RecallCall): RecallReply {
    const [, room, verb = '', id = ''] = path.split('/');
    const call = `${method} ${verb}`;
    asked.push(call);
    for (const one of waiting.filter((other) => other.call === call)) {
      waiting.splice(waiting.indexOf(one), 1);
      // After the answer is on its way.
      setImmediate(one.resolve);
    }
    const fault = faults.get(call) ?? faults.get('*');
    if (fault === 'drop') return null;
    if (typeof fault === 'object') {
      return { status: fault.status, text: fault.body, headers: fault.headers ?? {} };
    }
    const [status, answered] =
      room !== 'index'
        ? [404, { detail: 'Not Found' }]
        : fake.key !== null && authorization !== `Bearer ${fake.key}`
          ? [401, { error: 'Unauthorized' }]
          : answer(method, verb, decodeURIComponent(id), body === '' ? {} : JSON.parse(body));
    if (fault === 'lose') return null;
    return { status, text: JSON.stringify(answered), headers: { 'content-type': 'application/json' } };
  }

  const fake: FakeRecall = {
    ...{ jobs, asked, starts, faults, key, current, end, handle },
    begin: (vault) => begin(vault),
    advance(processed, total, file = '') {
      const job = current();
      if (job === null) throw new Error('No job is running.');
      Object.assign(job, { processed, total, current_file: file });
    },
    answered: (call) => new Promise((resolve) => waiting.push({ call, resolve })),
  };
  return fake;
}

/** The HTTP client of a core whose only other machine is this server. */
export function recallHttp(recall: FakeRecall): Http {
  return {
    ...noStreams,
    async request({ method, url, headers, body, signal }) {
      signal?.throwIfAborted();
      const reply = recall.handle({
        ...{ method, path: new URL(url).pathname, authorization: headers?.authorization },
        body: body === undefined ? '' : JSON.stringify(body),
      });
      await Promise.resolve();
      signal?.throwIfAborted();
      if (reply === null) throw new PilotlightError('HOST_UNREACHABLE');
      return reply;
    },
  };
}

export interface ServedRecall extends FakeRecall {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export async function startFakeRecall(
  options: { port?: number; key?: string | null; recall?: FakeRecall } = {},
): Promise<ServedRecall> {
  const recall = options.recall ?? createFakeRecall(options.key ?? null);
  const listener = createServer(async (request, reply) => {
    const answer = recall.handle({
      ...{ method: String(request.method), path: new URL(request.url ?? '/', 'http://recall').pathname },
      ...{ authorization: request.headers.authorization, body: await text(request) },
    });
    if (answer === null) request.socket.destroy();
    else reply.writeHead(answer.status, answer.headers).end(answer.text);
  });
  listener.listen(options.port ?? 0, '127.0.0.1');
  listener.unref();
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return Object.assign(recall, {
    ...{ url: `http://127.0.0.1:${port}`, port },
    async close() {
      if (!listener.listening) return;
      const closed = once(listener, 'close');
      listener.close();
      listener.closeAllConnections();
      await closed;
    },
  });
}
