/**
 * The ONNX runner of a simulated machine, as the process that its agent starts. It answers over HTTP like the real one,
 * with one made-up model for texts; nothing is computed on a GPU.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { agentApi } from '../../shared/contract/agent.ts';
import { createEmitter } from '../../shared/emitter.ts';
import { fact } from '../../shared/models/message.ts';
import type { RunnerModel, RunnerRung, RunnerStatus } from '../../shared/models/runner.ts';
import { bind } from '../adapters/http/bind.ts';
import { usualLimits } from '../adapters/http/limits.ts';
import { createListener } from '../adapters/http/listener.ts';
import { refusalStatus } from '../adapters/http/refusals.ts';
import { anySource } from '../adapters/http/source.ts';
import type { WorkerExit, WorkerHost } from '../agent/embedded.ts';
import type { SimulatorClock } from './clock.ts';
import { createEmbedder } from './embedding.ts';

const NAME = 'simulated-minilm';
const HASH = '51'.repeat(32);
const DIMENSIONS = 384;
const IDLE_MS = 300_000;
const MOST_BYTES = 2_000_000;
/** Milliseconds of one run of the small graph, and texts a second. */
const GPU = { ms: 1.9, textsPerSecond: 2600 };
const CPU = { ms: 8.3, textsPerSecond: 310 };

export interface RunnerMachine {
  clock: SimulatorClock;
  /** Divides the times for computing. */
  speed: number;
  gpuFound(): boolean;
}

export function createSimulatedRunnerHost(machine: RunnerMachine): WorkerHost {
  return {
    start() {
      const messages = createEmitter<[unknown]>({ name: 'simulated runner' });
      const exits = createEmitter<[WorkerExit]>({ name: 'simulated runner' });
      const runner = createSimulatedRunner(machine);
      let ended = false;
      function end(): void {
        if (ended) return;
        ended = true;
        runner.close();
        exits.emit({ code: 0, signal: null, stderrTail: '' });
      }
      return {
        pid: undefined,
        send(message) {
          const { kind } = message as { kind?: string };
          if (kind === 'stop') end();
          if (kind !== 'configure') return;
          runner.listen().then(
            (endpoint) => {
              if (!ended) messages.emit({ kind: 'event', event: { kind: 'listening', endpoint } });
            },
            () => end(),
          );
        },
        onMessage: (listener) => void messages.on(listener),
        onExit: (listener) => void exits.on(listener),
        kill: end,
      };
    },
  };
}

function createSimulatedRunner({ clock, speed, gpuFound }: RunnerMachine) {
  const startedAt = clock.monotonic();
  const token = randomBytes(24).toString('base64url');
  const embedder = createEmbedder(HASH);
  const totals = { requests: 0, failed: 0, texts: 0, pictures: 0, gpuRuns: 0, runs: 0 };
  let usedAt: number | null = null;
  let dropped = true;
  let waiting = 0;

  const inMemory = () => !dropped && usedAt !== null && clock.now() < usedAt + IDLE_MS;
  function use(): void {
    usedAt = clock.now();
    dropped = false;
  }

  function model(): RunnerModel {
    const ready = inMemory();
    return {
      name: NAME,
      kind: 'text',
      hash: HASH,
      precision: 'float32',
      sizeBytes: 90_405_214,
      dimensions: DIMENSIONS,
      maxTokens: 256,
      licence: null,
      state: ready ? 'ready' : 'on-disk',
      provider: ready ? (gpuFound() ? 'webgpu' : 'cpu') : null,
      ladder: ready ? ladderOf(gpuFound()) : [],
      problem: null,
      usedAt,
      expiresAt: ready && usedAt !== null ? usedAt + IDLE_MS : null,
    };
  }

  const status = (): RunnerStatus => ({
    version: 'simulated',
    provider: gpuFound() ? 'webgpu' : 'cpu',
    ladder: ladderOf(gpuFound()),
    models: [model()],
    immich: [],
    ready: true,
    uptimeSeconds: Math.round((clock.monotonic() - startedAt) / 1000),
    restarts: 0,
    queue: { queries: 0, bulk: waiting, pictures: 0 },
    memoryBytes: (inMemory() ? 296 : 61) * 2 ** 20,
    totals: { ...totals },
    latencyMs: null,
  });

  async function embed(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    const input = [body.input].flat().filter((text): text is string => typeof text === 'string');
    totals.requests += 1;
    if (body.model !== undefined && body.model !== NAME) return refuse(response, 404, 'RUNNER_NO_MODEL');
    if (body.hash !== undefined && body.hash !== HASH) return refuse(response, 409, 'RUNNER_MODEL_CHANGED');
    const onGpu = gpuFound();
    waiting += input.length;
    await clock.sleep((input.length * 1000) / (onGpu ? GPU : CPU).textsPerSecond / speed);
    waiting -= input.length;
    use();
    totals.runs += 1;
    if (onGpu) totals.gpuRuns += 1;
    totals.texts += input.length;
    const data = input.map((text, index) => {
      const vector = embedder.embed(text, DIMENSIONS);
      const packed = () => Buffer.from(Float32Array.from(vector).buffer).toString('base64');
      return { index, embedding: body.encoding_format === 'base64' ? packed() : vector };
    });
    send(response, 200, { object: 'list', model: NAME, hash: HASH, data });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0];
    if (path === agentApi.health.path)
      return send(response, 200, { status: 'healthy', gpu_available: gpuFound() });
    if (request.headers.authorization !== `Bearer ${token}`) return refuse(response, 401, 'UNAUTHORIZED');
    switch (`${request.method} ${path}`) {
      case 'GET /runner/status':
        return send(response, 200, status());
      case 'GET /runner/catalogue':
        return send(response, 200, { models: [] });
      case 'POST /v1/embeddings':
        return embed(request, response);
      case `POST /runner/models/${NAME}/load`:
        use();
        return send(response, 200, model());
      case `POST /runner/models/${NAME}/drop`:
        dropped = true;
        return send(response, 200, model());
      default:
        return refuse(response, 404, 'NOT_FOUND');
    }
  }

  const listener = createListener<never>({
    limits: usualLimits,
    clock: undefined,
    source: anySource,
    answer: (refusal) => ({ status: refusalStatus[refusal], body: { error: { code: 'BAD_REQUEST' } } }),
    handle(request, response) {
      handle(request, response).catch(() => response.destroy());
    },
  });

  return {
    async listen() {
      const { port } = await bind(listener.server, { host: '127.0.0.1', port: 0 });
      return { port, token };
    },
    close() {
      listener.server.close();
      listener.server.closeAllConnections();
    },
  };
}

/** What a Linux machine with a graphics card finds; its card may be gone. */
function ladderOf(hasGpu: boolean): RunnerRung[] {
  const unmeasured = { ms: null, cpuMs: null, agreement: null, share: null };
  const cuda: RunnerRung = {
    ...unmeasured,
    provider: 'cuda',
    state: 'absent',
    reason: fact('RUNNER_PROVIDER_ABSENT', { provider: 'cuda' }),
  };
  const cpu: RunnerRung = {
    ...unmeasured,
    provider: 'cpu',
    state: hasGpu ? 'untried' : 'used',
    ms: CPU.ms,
    cpuMs: CPU.ms,
    share: hasGpu ? null : 1,
    reason: null,
  };
  const webgpu: RunnerRung = hasGpu
    ? {
        provider: 'webgpu',
        state: 'used',
        ms: GPU.ms,
        cpuMs: CPU.ms,
        agreement: 0.99991,
        share: 0.96,
        reason: null,
      }
    : {
        ...unmeasured,
        provider: 'webgpu',
        state: 'failed',
        reason: fact('RUNNER_PROVIDER_LOST', { provider: 'webgpu' }),
      };
  return [cuda, webgpu, cpu];
}

interface Body {
  model?: unknown;
  hash?: unknown;
  input?: unknown;
  encoding_format?: unknown;
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > MOST_BYTES) throw new Error('The body is too large.');
    parts.push(part as Buffer);
  }
  return Object(JSON.parse(Buffer.concat(parts).toString('utf8'))) as Body;
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const refuse = (response: ServerResponse, status: number, code: string) =>
  send(response, status, { error: { code, message: `The simulated runner refuses this: ${code}.` } });
