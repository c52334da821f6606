/** A real core with a key, and a worker that is this test: it answers as a real one does, when the test says so. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  WORKER_PROTOCOL,
  type WorkerAnswer,
  type WorkerCall,
  type WorkerRequest,
  type WorkerTask,
  workerCalls,
} from '../../../shared/contract/task-worker.ts';
import type { ContentType, TaskResult } from '../../../shared/models/tasks.ts';
import type { Right } from '../../../shared/rights.ts';
import { startTestHost, type TestHost } from '../../contract/links.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows what it reads
  body: any;
}

export interface TaskWorld extends AsyncDisposable {
  test: TestHost;
  url: string;
  /** A key with the right `tasks`. */
  key: string;
  keyWith(rights: Right[]): string;
  ask(
    method: string,
    path: string,
    options?: { body?: unknown; key?: string | null; headers?: object },
  ): Promise<Answer>;
  worker(options?: Partial<WorkerRequest<'hello'>>): Promise<TestWorker>;
}

export interface TestWorker {
  id: string;
  call<Call extends WorkerCall>(call: Call, request: WorkerRequest<Call>): Promise<WorkerAnswer<Call>>;
  /** Waits for one task. */
  take(): Promise<WorkerTask>;
  finish(task: WorkerTask, result?: Partial<TaskResult>): Promise<WorkerAnswer<'complete'>>;
}

const allContent: ContentType[] = ['document', 'web', 'image', 'audio', 'video', 'youtube', 'mixed'];
let workers = 0;

export async function openTaskWorld(): Promise<TaskWorld> {
  const test = await startTestHost();
  const { access, settings } = test.host.core.services;
  settings.update({ tasks: { embeddedWorker: false } });
  const { url } = test.host;
  let keys = 0;
  const keyWith = (rights: Right[]) => {
    keys += 1;
    return access.addKey({ name: `key ${keys}`, kind: 'script', rights, expiresInDays: null }).secret;
  };
  const key = keyWith(['tasks']);

  const ask: TaskWorld['ask'] = async (method, path, { body, key: other = key, headers = {} } = {}) => {
    const isForm = body instanceof FormData || body instanceof Uint8Array;
    const reply = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(other === null ? {} : { authorization: `Bearer ${other}` }),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? (body as BodyInit) : JSON.stringify(body) }),
    });
    const content = await reply.text();
    let parsed: unknown = content;
    try {
      parsed = JSON.parse(content);
    } catch {}
    return { status: reply.status, headers: Object.fromEntries(reply.headers), body: parsed };
  };

  return {
    test,
    url,
    key,
    keyWith,
    ask,
    async worker(options = {}) {
      workers += 1;
      const id = options.id ?? `worker-${workers}`;
      const call: TestWorker['call'] = async (name, request) => {
        const reply = await ask('POST', workerCalls[name].path, { body: request });
        if (reply.status !== 200) throw Object.assign(new Error(JSON.stringify(reply.body)), reply.body);
        return reply.body;
      };
      await call('hello', {
        id,
        name: id,
        type: 'cpu',
        queues: ['celery'],
        slots: 4,
        version: 'test',
        protocol: WORKER_PROTOCOL,
        contentTypes: allContent,
        agentId: null,
        now: Date.now(),
        sharedFolderProof: null,
        tasks: [],
        ...options,
      });
      return {
        id,
        call,
        async take() {
          const { tasks } = await call('claim', { workerId: id, count: 1, waitMs: 20_000 });
          if (tasks[0] === undefined) throw new Error('There was no task.');
          return tasks[0];
        },
        finish: ({ id: taskId, token }, result = {}) =>
          call('complete', {
            workerId: id,
            id: taskId,
            token,
            result: {
              content: 'text',
              contentFileId: null,
              metadata: {},
              thumbnails: [],
              processingMs: 5,
              ...result,
            },
            claimNext: false,
          }),
      };
    },
    async [Symbol.asyncDispose]() {
      await test.stop();
    },
  };
}

export function form(fields: Record<string, string | Blob>, fileName = 'notes.md'): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') data.append(name, value);
    else data.append(name, value, fileName);
  }
  return data;
}

export const aFile = (content = '# Notes\n\nThe lamp is lit.\n') => new Blob([content]);

/** A request whose body the test sends piece by piece. */
export function openRequest(
  url: string,
  options: { method: string; headers: Record<string, string | number> },
) {
  const request = httpRequest(url, { ...options, agent: false });
  // A server that refuses may close while the body is still on its way.
  request.on('error', () => {});
  return {
    request,
    async answer(): Promise<Answer> {
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const content = await text(response);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers as Record<string, string>,
        body: content === '' ? '' : JSON.parse(content),
      };
    },
  };
}
