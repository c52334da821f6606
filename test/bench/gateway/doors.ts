/** What the gateway's benchmarks measure: the upstream directly, through nginx, and through the gateway's process. */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setUpPaths } from '../../../build/lib/paths.mjs';
import { findNginx } from '../../../build/lib/tools.mjs';
import { everyCall } from '../../../electron/adapters/gateway/gateway-link.ts';
import { coreWatchArguments } from '../../../electron/adapters/processes/core-watch.ts';
import { createWorkerClient } from '../../../electron/adapters/processes/worker-client.ts';
import { createForkWorkerHost, type WorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type {
  GatewayTable,
  TableHolding,
  TableModel,
  TableNode,
} from '../../../electron/core/gateway/model.ts';
import type { GatewayContract } from '../../../electron/core/gateway/protocol.ts';
import { gatewayNodeFlags } from '../../../electron/host/gateway.ts';
import { type ChildProcess, fork, spawn } from '../../fakes/children.ts';
import type { Order } from './load.ts';

export interface Door extends AsyncDisposable {
  name: 'direct' | 'nginx' | 'bare' | 'gateway';
  port: number;
  /** Of the process whose memory and time it costs. */
  pid: number;
}

const quiet = '--disable-warning=ExperimentalWarning';
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const root = here('../../..');
const builtWorker = here('../../../dist/workers/gateway-worker.mjs');

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

/** A program of this folder that prints its port and ends with its input. */
async function startProgram(file: string, args: readonly string[] = []) {
  const child = spawn(process.execPath, [quiet, here(file), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('A process of the benchmark has no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    const { port } = JSON.parse(line) as { port: number };
    return {
      port,
      pid: child.pid ?? 0,
      kill: () => void child.kill('SIGKILL'),
      [Symbol.asyncDispose]: () => end(child),
    };
  }
  throw new Error('A process of the benchmark ended before it was ready.');
}

/** The made-up inference server; see upstream.ts. */
export async function startUpstream(): Promise<Door & { kill(): void }> {
  return { name: 'direct', ...(await startProgram('./upstream.ts')) };
}

/** The least that a proxy on the same engine costs; see bare-proxy.ts. */
export async function startBareProxy(upstreamPort: number): Promise<Door> {
  return { name: 'bare', ...(await startProgram('./bare-proxy.ts', [String(upstreamPort)])) };
}

/** Resolves when something listens there. */
async function listening(port: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (connected) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A free port, for a program that cannot take one by itself. */
async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** nginx with one worker in front of the upstream, without buffering; null if there is none on this computer. */
export async function startNginx(upstreamPort: number, note: (text: string) => void): Promise<Door | null> {
  const found = await findNginx({ cache: setUpPaths(root).cache, say: note });
  if ('fix' in found) {
    note(found.fix);
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-nginx-'));
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/${name};`)
    .join('\n');
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off;
worker_processes 1;
error_log ${folder}/error.log;
pid ${folder}/nginx.pid;
events { worker_connections 4096; }
http {
${temporary}
  access_log off;
  client_max_body_size 0;
  keepalive_requests 1000000000;
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host localhost:11434;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 1h;
    }
  }
}
`,
  );
  const child = spawn(
    found.path,
    ['-p', folder, '-e', `${folder}/error.log`, '-c', join(folder, 'nginx.conf')],
    {
      stdio: 'ignore',
    },
  );
  const dispose = async () => {
    // Its master ends its worker; killed, it would leave that behind.
    if (child.exitCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await listening(port, AbortSignal.timeout(10_000));
  } catch {
    const log = readFileSync(join(folder, 'error.log'), 'utf8');
    await dispose();
    throw new Error(`nginx did not start. ${log}`);
  }
  return { name: 'nginx', port, pid: child.pid ?? 0, [Symbol.asyncDispose]: dispose };
}

const MODEL: TableModel = {
  name: 'bench:latest',
  digest: 'b'.repeat(64),
  sizeBytes: 1e9,
  modifiedAt: '2026-11-01T12:00:00+01:00',
  parentModel: '',
  format: 'gguf',
  family: 'llama',
  families: ['llama'],
  parameterSize: '1B',
  quantization: 'Q4_0',
  capabilities: ['completion', 'embedding', 'vision'],
  contextLength: 4096,
  embeddingLength: 384,
  cloud: false,
};

/** A node that serves one model, wholly on its GPU, without a limit on requests at once. */
export function benchNode(id: string, port: number): TableNode {
  return {
    id,
    name: id,
    url: `http://127.0.0.1:${port}`,
    dialects: ['ollama', 'openai', 'anthropic'],
    serving: true,
    hasGpu: true,
    installed: [MODEL],
    loaded: [
      {
        name: MODEL.name,
        digest: MODEL.digest,
        sizeBytes: 1e9,
        vramBytes: 1e9,
        expiresAt: null,
        contextLength: 4096,
        gpuShare: 1,
      },
    ],
    saysPlacement: true,
    vram: { totalBytes: 24e9, usedBytes: 1e9 },
    slots: null,
    moving: [],
  };
}

export function benchTable(nodes: readonly TableNode[], version = 1): GatewayTable {
  return {
    version,
    nodes,
    credentials: [],
    settings: {
      keyOnLoopback: false,
      beta: 1,
      managementNodeId: nodes[0]?.id ?? null,
      allowCloud: false,
      fallbacks: {},
      bodyBudgetBytes: 64 * 1024 * 1024,
    },
  };
}

/**
 * The built process of the gateway with a table of its own, as the core starts it but without one.
 * @param options.holding left out: nothing waits. @param options.blocksFile where block-probe.mjs writes the longest block of its event loop
 */
export async function startGateway(
  nodes: readonly TableNode[],
  { blocksFile, holding }: { blocksFile?: string; holding?: TableHolding } = {},
): Promise<Door & { setNodes(nodes: readonly TableNode[]): Promise<void> }> {
  if (!existsSync(builtWorker)) throw new Error('There is no build. Run npm run build first.');
  const client = createWorkerClient<GatewayContract>({
    name: 'gateway',
    host:
      blocksFile === undefined
        ? createForkWorkerHost({ entry: builtWorker, nodeFlags: gatewayNodeFlags })
        : probedHost(blocksFile),
    clock: createSystemClock(),
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    config: { core: 'bench' },
    methods: everyCall(policy),
  });
  let version = 0;
  const setNodes = async (given: readonly TableNode[]) => {
    version += 1;
    await client.call('table.set', { ...benchTable(given, version), ...(holding && { holding }) });
  };
  await setNodes(nodes);
  const { port } = await client.call('listen', { host: '127.0.0.1', port: 0 });
  return {
    name: 'gateway',
    port,
    pid: client.pid() ?? 0,
    setNodes,
    [Symbol.asyncDispose]: () => client.stop(),
  };
}

const policy = { deadlineMs: 10_000, lateCode: null, isRepeatable: true };

/** The same process with the probe loaded into it. */
function probedHost(blocksFile: string): WorkerHost {
  return {
    start() {
      const child = fork(builtWorker, coreWatchArguments({ holdsInput: true }), {
        serialization: 'advanced',
        execArgv: [
          quiet,
          ...gatewayNodeFlags,
          '--import',
          new URL('./block-probe.mjs', import.meta.url).href,
        ],
        stdio: ['pipe', 'ignore', 'inherit', 'ipc'],
        env: { ...process.env, PILOTLIGHT_BENCH_BLOCKS: blocksFile },
      });
      return {
        pid: child.pid,
        send: (message) => void (child.connected && child.send(message as object, () => {})),
        onMessage: (listener) => void child.on('message', listener),
        onExit: (listener) =>
          void child.once('close', (code, signal) => listener({ code, signal, stderrTail: '' })),
        kill: () => void child.kill('SIGKILL'),
      };
    },
  };
}

export interface Load extends AsyncDisposable {
  run<Result>(order: Order): Promise<Result>;
}

/** The clients; see load.ts. */
export function startLoad(): Load {
  const child = spawn(process.execPath, [quiet, here('./load.ts')], { stdio: ['pipe', 'pipe', 'inherit'] });
  if (child.stdout === null || child.stdin === null) throw new Error('The clients have no output.');
  const { stdin } = child;
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run<Result>(order: Order) {
      stdin.write(`${JSON.stringify(order)}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error('The clients ended.');
      const { result, error } = JSON.parse(value) as { result?: Result; error?: string };
      if (error !== undefined) throw new Error(`${order.kind} by port ${order.port}: ${error}`);
      return result as Result;
    },
    [Symbol.asyncDispose]: () => end(child),
  };
}
