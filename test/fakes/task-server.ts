/** The server of the worker's protocol, with leases that end when a test says so. */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  uploadHeaders,
  type WorkerAnswer,
  type WorkerCall,
  type WorkerRequest,
  type WorkerTask,
  workerCalls,
  workerFilePaths,
} from '../../shared/contract/task-worker.ts';
import type { TaskFailure, TaskResult, TaskSpec } from '../../shared/models/tasks.ts';

export interface FakeTask {
  id: string;
  spec: TaskSpec;
  content: Buffer;
  state: 'waiting' | 'active' | 'completed' | 'failed' | 'released' | 'lost' | 'cancelled';
  token: string | null;
  attempts: number;
  renewals: number;
  progress: number | null;
  progressText: string | null;
  log: string;
  result: TaskResult | null;
  failure: TaskFailure | null;
  retry: boolean | null;
  workerId: string | null;
  local?: string;
  shared?: string;
}

export type Call = { [C in WorkerCall]: { call: C; request: WorkerRequest<C> } }[WorkerCall];

const KEY = 'pilotlight_key_test';

export async function startTaskServer({ beatMs = 100, leaseMs = 60_000 } = {}) {
  const tasks = new Map<string, FakeTask>();
  const calls: Call[] = [];
  const known = new Set<string>();
  const checking = new Set<string>();
  const uploads = new Map<string, Buffer>();
  const parts = new Map<string, Buffer>();
  const sockets = new Set<Socket>();
  const downloads: { from: number }[] = [];
  let watchers: { isTrue(): boolean; resolve(): void }[] = [];
  const state = {
    drain: false,
    refused: null as WorkerAnswer<'hello'>['refused'],
    memoryLimitMb: undefined as number | undefined,
    /** Answers every call with this. */
    answerAll: null as { status: number; body: object } | null,
    /** Answers the next calls of these kinds with nothing: the connection breaks. */
    breakNext: new Map<WorkerCall | 'download' | 'upload', number>(),
    /** Breaks the next download after this many bytes. */
    cutDownloadAfter: null as number | null,
    cutUploadAfter: null as number | null,
    corruptNextDownload: false,
    sharedFolder: false,
  };

  function changed(): void {
    const all = watchers;
    watchers = [];
    for (const watcher of all) {
      if (watcher.isTrue()) watcher.resolve();
      else watchers.push(watcher);
    }
  }

  const held = (id: string, token: string) => {
    const task = tasks.get(id);
    return task?.state === 'active' && task.token === token ? task : null;
  };
  const stateOf = (id: string, token: string) => {
    const task = tasks.get(id);
    if (task?.state === 'cancelled') return 'cancelled' as const;
    return held(id, token) === null ? ('lost' as const) : ('held' as const);
  };

  function give(workerId: string): WorkerTask | null {
    if (state.drain) return null;
    const task = [...tasks.values()].find(
      ({ state: now, spec }) =>
        now === 'waiting' &&
        (spec.onlyWorker === undefined ? !checking.has(workerId) : spec.onlyWorker === workerId),
    );
    if (task === undefined) return null;
    Object.assign(task, { state: 'active', token: randomUUID(), workerId, attempts: task.attempts + 1 });
    return {
      id: task.id,
      token: task.token as string,
      spec: task.spec,
      queue: 'celery',
      attempt: task.attempts,
      download:
        task.spec.input.kind === 'file' && task.local === undefined
          ? `${workerFilePaths.download}?task=${task.id}`
          : null,
      sharedPath: task.shared ?? null,
      ...(task.local !== undefined && { localPath: task.local }),
    };
  }

  const answers: {
    [C in WorkerCall]: (
      request: WorkerRequest<C>,
      gone: AbortSignal,
    ) => WorkerAnswer<C> | Promise<WorkerAnswer<C>>;
  } = {
    hello({ id, tasks: theirs, checkOnly }) {
      known.add(id);
      if (checkOnly) checking.add(id);
      const { drain, refused, sharedFolder, memoryLimitMb } = state;
      return {
        leaseMs,
        beatMs,
        now: Date.now(),
        sharedFolder,
        drain,
        refused,
        ...(memoryLimitMb !== undefined && { memoryLimitMb }),
        tasks: theirs.map(({ id: task, token }) => ({ id: task, state: stateOf(task, token) })),
      };
    },
    async claim({ workerId, count }, gone) {
      await when(
        () => gone.aborted || state.drain || [...tasks.values()].some((one) => one.state === 'waiting'),
      );
      const given: WorkerTask[] = [];
      while (!gone.aborted && given.length < count) {
        const task = give(workerId);
        if (task === null) break;
        given.push(task);
      }
      return { tasks: given, drain: state.drain };
    },
    beat({ tasks: reports }) {
      for (const { id, token, progress, progressText, log } of reports) {
        const task = held(id, token);
        if (task === null) continue;
        task.renewals += 1;
        task.progress = progress ?? task.progress;
        task.progressText = progressText ?? task.progressText;
        task.log += log;
      }
      return {
        tasks: reports.map(({ id, token }) => ({ id, state: stateOf(id, token) })),
        drain: state.drain,
      };
    },
    complete({ id, token, result, claimNext, workerId }) {
      const task = held(id, token);
      if (task !== null) Object.assign(task, { state: 'completed', result });
      return { accepted: task !== null, next: claimNext ? give(workerId) : null, drain: state.drain };
    },
    fail({ id, token, failure, retry }) {
      const task = held(id, token);
      if (task !== null) Object.assign(task, { state: 'failed', failure, retry });
      return { state: task === null ? null : 'failed' };
    },
    release({ tasks: given }) {
      for (const { id, token } of given) {
        const task = held(id, token);
        if (task !== null) task.state = 'released';
      }
      return { ok: true };
    },
    bye({ workerId }) {
      known.delete(workerId);
      return { ok: true };
    },
  };

  function breaks(kind: WorkerCall | 'download' | 'upload'): boolean {
    const left = state.breakNext.get(kind) ?? 0;
    if (left > 0) state.breakNext.set(kind, left - 1);
    return left > 0;
  }

  async function bodyOf(request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  function sendJson(response: ServerResponse, status: number, body: object): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    if (url.pathname === workerFilePaths.download) return sendFile(url, request, response);
    if (state.answerAll !== null) return sendJson(response, state.answerAll.status, state.answerAll.body);
    if (request.headers.authorization !== `Bearer ${KEY}`) {
      return sendJson(response, 401, { error: 'Wrong key.', code: 'UNAUTHORIZED', next: 'Use another.' });
    }
    if (url.pathname === workerFilePaths.upload) return receiveFile(request, response);
    if (url.pathname === '/process/file') return work(request, response);
    const call = (Object.keys(workerCalls) as WorkerCall[]).find(
      (name) => workerCalls[name].path === url.pathname,
    );
    if (call === undefined) return sendJson(response, 404, { error: 'What?' });
    const gone = new AbortController();
    response.once('close', () => {
      gone.abort();
      changed();
    });
    const parsed = workerCalls[call].request.parse(JSON.parse((await bodyOf(request)).toString('utf8')));
    calls.push({ call, request: parsed } as Call);
    if (breaks(call)) {
      request.socket.destroy();
      return changed();
    }
    const { workerId } = parsed as { workerId?: string };
    if (workerId !== undefined && !known.has(workerId)) {
      sendJson(response, 404, { error: 'Who are you?', code: 'NOT_FOUND', next: 'Say hello.' });
      return changed();
    }
    const answer = await (answers[call] as (request: unknown, gone: AbortSignal) => unknown)(
      parsed,
      gone.signal,
    );
    sendJson(response, 200, answer as object);
    changed();
  }

  /** The form's file as a task, answered when that has ended. */
  async function work(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const type = request.headers['content-type'] ?? '';
    const body = new Uint8Array(await bodyOf(request));
    const form = await new Response(body, { headers: { 'content-type': type } }).formData();
    const text = Buffer.from(await (form.get('file') as File).arrayBuffer());
    const task = add({ text, onlyWorker: String(form.get('worker')) });
    await when(() => task.state === 'completed');
    sendJson(response, 200, {
      success: true,
      content: task.result?.content,
      metadata: {},
      processing_time: 0,
    });
  }

  function sendFile(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const task = tasks.get(url.searchParams.get('task') ?? '');
    if (task === undefined) {
      sendJson(response, 404, { error: 'Gone.', code: 'NOT_FOUND', next: '' });
      return;
    }
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    downloads.push({ from });
    if (breaks('download')) {
      request.socket.destroy();
      return;
    }
    let rest = task.content.subarray(from);
    if (state.corruptNextDownload) {
      state.corruptNextDownload = false;
      rest = Buffer.from(rest.map((byte) => byte ^ 1));
    }
    const length = task.content.length;
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': rest.length,
      ...(from > 0 && { 'content-range': `bytes ${from}-${length - 1}/${length}` }),
    });
    const cut = state.cutDownloadAfter;
    if (cut === null || cut >= rest.length) {
      response.end(rest);
      return;
    }
    state.cutDownloadAfter = null;
    response.write(rest.subarray(0, cut), () => request.socket.destroy());
  }

  async function receiveFile(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const {
      [uploadHeaders.task]: id = '',
      [uploadHeaders.token]: token = '',
      [uploadHeaders.sha256]: sha256,
    } = request.headers as Record<string, string>;
    const before = parts.get(token) ?? Buffer.alloc(0);
    if (request.method === 'HEAD') {
      response.writeHead(200, { 'upload-offset': before.length }).end();
      return;
    }
    if (held(id, token) === null)
      return sendJson(response, 409, { error: 'Lost.', code: 'TASK_LEASE_LOST', next: '' });
    const from = Number(/^bytes (\d+)-/.exec(request.headers['content-range'] ?? '')?.[1] ?? 0);
    let arrived = before.subarray(0, from);
    const cut = state.cutUploadAfter;
    try {
      for await (const chunk of request) {
        arrived = Buffer.concat([arrived, chunk as Buffer]);
        parts.set(token, arrived);
        if (cut !== null && arrived.length >= cut) {
          state.cutUploadAfter = null;
          request.socket.destroy();
          return;
        }
      }
    } catch {
      return;
    }
    if (createHash('sha256').update(arrived).digest('hex') !== sha256) {
      return sendJson(response, 422, { error: 'Damaged.', code: 'CHECKSUM_MISMATCH', next: '' });
    }
    const fileId = `file-${uploads.size + 1}`;
    uploads.set(fileId, arrived);
    sendJson(response, 200, { fileId });
  }

  let server = open();
  function open() {
    const opened = createServer((request, response) => {
      serve(request, response).catch((error: unknown) => {
        if (!response.headersSent) sendJson(response, 500, { error: String(error) });
      });
    });
    opened.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
    });
    return opened;
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function when(isTrue: () => boolean): Promise<void> {
    if (isTrue()) return Promise.resolve();
    return new Promise((resolve) => watchers.push({ isTrue, resolve }));
  }

  function add(
    given: Partial<TaskSpec> & {
      id?: string;
      text?: string | Buffer;
      local?: string;
      shared?: string;
    } = {},
  ) {
    const { id = `task-${tasks.size + 1}`, text = '# Title\n\nA text.\n', local, shared, ...spec } = given;
    const content = Buffer.from(text);
    const task: FakeTask = {
      id,
      content,
      state: 'waiting',
      token: null,
      attempts: 0,
      renewals: 0,
      progress: null,
      progressText: null,
      log: '',
      result: null,
      failure: null,
      retry: null,
      workerId: null,
      ...(local !== undefined && { local }),
      ...(shared !== undefined && { shared }),
      spec: {
        contentType: 'document',
        input: {
          kind: 'file',
          fileId: `input-${id}`,
          name: 'notes.md',
          sizeBytes: content.length,
          sha256: createHash('sha256').update(content).digest('hex'),
        },
        title: 'notes.md',
        options: {},
        metadata: {},
        store: false,
        gpu: false,
        whenGpuAsleep: 'wait',
        webhookUrl: null,
        batchId: null,
        credentialId: null,
        timeLimitMs: 600_000,
        ...spec,
      },
    };
    tasks.set(id, task);
    changed();
    return task;
  }

  async function down(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    url: `http://127.0.0.1:${port}`,
    key: KEY,
    state,
    tasks,
    calls,
    downloads,
    uploads,
    /** Resolves when this is true; checked after each call. */
    when,
    count: (call: WorkerCall) => calls.filter((one) => one.call === call).length,
    add,
    set(id: string, to: FakeTask['state']) {
      const task = tasks.get(id);
      if (task !== undefined) task.state = to;
      changed();
    },
    changed,
    /** Its workers are forgotten, as after a restart of a core that keeps its queue. */
    forgetWorkers: () => known.clear(),
    down,
    async up() {
      server = open();
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    },
    [Symbol.asyncDispose]: down,
  };
}

export type FakeTaskServer = Awaited<ReturnType<typeof startTaskServer>>;
