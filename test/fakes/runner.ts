/** A runner over HTTP on loopback, with vectors made from the texts, that can be told to misbehave. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LocalRunner, OpenRunner } from '../../electron/core/ports/runner.ts';
import type {
  CatalogueModel,
  RunnerModel,
  RunnerProvider,
  RunnerStatus,
} from '../../shared/models/runner.ts';

export const runnerHash = 'a'.repeat(64);
export const FAKE_DIMENSIONS = 8;

export function aRunnerModel(own: Partial<RunnerModel> = {}): RunnerModel {
  return {
    name: 'minilm',
    kind: 'text',
    hash: runnerHash,
    precision: 'int8',
    sizeBytes: 23_000_000,
    dimensions: FAKE_DIMENSIONS,
    maxTokens: 256,
    licence: 'Apache-2.0',
    state: 'ready',
    provider: 'cpu',
    ladder: [],
    problem: null,
    usedAt: null,
    expiresAt: null,
    ...own,
  };
}

export function aRunnerStatus(own: Partial<RunnerStatus> = {}): RunnerStatus {
  return {
    version: '1.0.0',
    provider: 'cpu',
    ladder: [],
    models: [aRunnerModel()],
    immich: [],
    ready: true,
    uptimeSeconds: 5,
    restarts: 0,
    queue: { queries: 0, bulk: 0, pictures: 0 },
    memoryBytes: 160_000_000,
    totals: { requests: 0, failed: 0, texts: 0, pictures: 0, gpuRuns: 0, runs: 0 },
    latencyMs: null,
    ...own,
  };
}

/** Of a runner whose models all run on this provider. */
export function statusOn(
  provider: RunnerProvider,
  models: readonly RunnerModel[] = [aRunnerModel()],
): RunnerStatus {
  return aRunnerStatus({ provider, models: models.map((model) => ({ ...model, provider })) });
}

/** The vector of a text, of length 1. */
export function fakeVector(text: string, dimensions = FAKE_DIMENSIONS): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [place, letter] of [...text].entries()) {
    const at = place % dimensions;
    vector[at] = (vector[at] ?? 0) + (letter.codePointAt(0) ?? 0);
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

interface Body {
  model?: string;
  input?: string[];
  input_type?: string;
  hash?: string;
  name?: string;
  path?: string;
  images?: { data: string }[];
}

export interface FakeRunner extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  status: RunnerStatus;
  catalogue: CatalogueModel[];
  /** Each request as `METHOD /path`. */
  readonly requests: string[];
  /** The texts of each embed request, and what they were called. */
  readonly embedded: { texts: string[]; as: string | undefined }[];
  /** Answers an embed request instead of the runner; returns whether it did. */
  onEmbed: ((body: Body, response: ServerResponse) => boolean) | null;
  /** Answers any request instead of the runner; returns whether it did. */
  onRequest: ((request: IncomingMessage, response: ServerResponse) => boolean) | null;
  /** Called in the middle of a download. */
  onPull: ((name: string) => Promise<void>) | null;
  /** Closes its port and cuts all connections. */
  close(): Promise<void>;
}

export async function startFakeRunner(
  own: { status?: RunnerStatus; token?: string } = {},
): Promise<FakeRunner> {
  const token = own.token ?? 'runner-token-of-a-test';
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  const runner: FakeRunner = {
    url: `http://127.0.0.1:${port}`,
    token,
    status: own.status ?? aRunnerStatus(),
    catalogue: [
      {
        name: 'minilm',
        kind: 'text',
        sizeBytes: 23_000_000,
        licence: 'Apache-2.0',
        source: null,
        present: true,
      },
      {
        name: 'e5-small',
        kind: 'text',
        sizeBytes: 120_000_000,
        licence: 'MIT',
        source: 'https://models.example',
        present: false,
      },
    ],
    requests: [],
    embedded: [],
    onEmbed: null,
    onRequest: null,
    onPull: null,
    close,
    [Symbol.asyncDispose]: close,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    runner.requests.push(`${request.method} ${path}`);
    if (runner.onRequest?.(request, response)) return null;
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(response, 401, 'UNAUTHORIZED');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const body = (text === '' ? {} : JSON.parse(text)) as Body;
    const [, , act, name = ''] = path.split('/').map(decodeURIComponent);
    if (path === '/runner/status') return send(response, 200, runner.status);
    if (path === '/v1/embeddings') return embed(body, response);
    if (path === '/detect_and_embed_batch') return faces(body, response);
    if (path === '/runner/catalogue') return send(response, 200, { models: runner.catalogue });
    if (path === '/runner/pull') return pull(body.name ?? '', response);
    if (path === '/runner/models' && request.method === 'POST') return add(body, response);
    if (act === 'models')
      return onModel(name, `${request.method} ${path.split('/')[4] ?? ''}`.trim(), response);
    return refuse(response, 404, 'NOT_FOUND');
  }

  const modelOf = (name: string | undefined) => runner.status.models.find((model) => model.name === name);
  function setModels(models: RunnerModel[]): void {
    runner.status = { ...runner.status, models };
  }

  function embed(body: Body, response: ServerResponse): unknown {
    runner.embedded.push({ texts: body.input ?? [], as: body.input_type });
    if (runner.onEmbed?.(body, response)) return null;
    const model = modelOf(body.model);
    if (model === undefined) return refuse(response, 404, 'MODEL_NOT_FOUND');
    if (body.hash !== undefined && body.hash !== model.hash)
      return refuse(response, 409, 'RUNNER_MODEL_CHANGED');
    return sendVectors(
      response,
      model,
      (body.input ?? []).map((text) => fakeVector(text)),
    );
  }

  function faces(body: Body, response: ServerResponse): unknown {
    const data = Buffer.from(body.images?.[0]?.data ?? '', 'base64');
    if (data.toString('utf8').startsWith('not a picture')) return refuse(response, 422, 'PICTURE_UNREADABLE');
    const face = { bbox: [1, 2, 30, 40], landmarks: [[5, 6]], embedding: [0.6, 0.8], quality: 0.9 };
    return send(response, 200, { results: [[face]], gpu_used: runner.status.provider !== 'cpu' });
  }

  async function pull(name: string, response: ServerResponse): Promise<unknown> {
    const entry = runner.catalogue.find((model) => model.name === name);
    if (entry === undefined) return refuse(response, 404, 'NOT_FOUND');
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const line = (value: object) => response.write(`${JSON.stringify(value)}\n`);
    line({ doneBytes: 1000, totalBytes: entry.sizeBytes });
    await runner.onPull?.(name);
    line({ doneBytes: entry.sizeBytes, totalBytes: entry.sizeBytes });
    if (modelOf(name) === undefined) {
      setModels([...runner.status.models, aRunnerModel({ name, hash: 'e'.repeat(64), state: 'on-disk' })]);
    }
    return response.end(`${JSON.stringify({ done: true })}\n`);
  }

  function add({ name = '', path = '' }: Body, response: ServerResponse): unknown {
    if (modelOf(name) !== undefined) return refuse(response, 409, 'ALREADY_EXISTS');
    const hash = Buffer.from(path).toString('hex').padEnd(64, '0').slice(0, 64);
    setModels([...runner.status.models, aRunnerModel({ name, hash, state: 'on-disk', provider: null })]);
    return send(response, 201, { name });
  }

  function onModel(name: string, act: string, response: ServerResponse): unknown {
    const model = modelOf(name);
    if (model === undefined) return refuse(response, 404, 'MODEL_NOT_FOUND');
    const others = runner.status.models.filter((one) => one !== model);
    const { provider } = runner.status;
    if (act === 'DELETE') setModels(others);
    else if (act === 'POST load') setModels([...others, { ...model, state: 'ready', provider }]);
    else setModels([...others, { ...model, state: 'on-disk', provider: null }]);
    return send(response, 200, {});
  }

  return runner;
}

export function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export function refuse(response: ServerResponse, status: number, code: string): void {
  send(response, status, { error: { code, message: `It says ${code}.` } });
}

export function sendVectors(
  response: ServerResponse,
  { name, hash }: Pick<RunnerModel, 'name' | 'hash'>,
  vectors: readonly Float32Array[],
): void {
  const data = vectors.map((vector, index) => ({
    index,
    embedding: Buffer.from(vector.buffer).toString('base64'),
  }));
  send(response, 200, { object: 'list', model: name, hash, data });
}

export interface FakeLocalRunner extends LocalRunner {
  readonly runner: FakeRunner;
  /** How often it was opened. */
  opened: number;
  /** Fails the next starts with this error. */
  failure: Error | null;
  models: boolean;
  /** Its process ends. */
  end(code: number | null): void;
}

/** This computer's runner: its process is a part of the test. */
export function createFakeLocalRunner(runner: FakeRunner): FakeLocalRunner {
  let listeners: ((exit: { code: number | null }) => void)[] = [];
  const local: FakeLocalRunner = {
    runner,
    opened: 0,
    failure: null,
    models: false,
    hasModels: async () => local.models,
    async open(): Promise<OpenRunner> {
      if (local.failure !== null) throw local.failure;
      local.opened += 1;
      listeners = [];
      return {
        url: runner.url,
        token: runner.token,
        owned: true,
        sharedFrom: null,
        onExit: (listener) => void listeners.push(listener),
        stop: async () => {
          listeners = [];
        },
      };
    },
    end(code) {
      for (const listener of listeners.splice(0)) listener({ code });
    },
  };
  return local;
}
