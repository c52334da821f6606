/**
 * A made-up inference server for the gateway's benchmarks: it answers at once, so that what is measured is the way to
 * it. A process of its own on node:http; prints its port, and ends with its input.
 *
 * `options.num_predict` tokens of 64 bytes are streamed for chat and generate, `options.pace` a second (0: at full
 * speed). Each token is a chunk and a write of its own, as Ollama's are.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const VECTOR = Array.from({ length: 384 }, (_, index) => Math.round(Math.sin(index) * 1e6) / 1e6);
const EMBEDDED = JSON.stringify({ model: 'bench', embeddings: [VECTOR], total_duration: 1 });
const MODEL = {
  name: 'bench:latest',
  model: 'bench:latest',
  modified_at: '2026-11-01T12:00:00+01:00',
  size: 1_000_000_000,
  digest: 'b'.repeat(64),
  details: {
    parent_model: '',
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: '1B',
    quantization_level: 'Q4_0',
  },
};
const CAPABILITIES = ['completion', 'embedding'];
const LOADED = {
  ...MODEL,
  size_vram: MODEL.size,
  context_length: 4096,
  expires_at: '2319-01-01T00:00:00+01:00',
};

const ANSWERS: Readonly<Record<string, Buffer>> = {
  '/api/embed': Buffer.from(EMBEDDED),
  '/api/version': Buffer.from('{"version":"0.33.0"}'),
  '/api/tags': Buffer.from(JSON.stringify({ models: [{ ...MODEL, capabilities: CAPABILITIES }] })),
  '/api/ps': Buffer.from(JSON.stringify({ models: [LOADED] })),
  '/api/show': Buffer.from(
    JSON.stringify({
      details: MODEL.details,
      model_info: { 'general.architecture': 'llama', 'llama.context_length': 4096, 'llama.block_count': 16 },
      capabilities: CAPABILITIES,
    }),
  ),
};

const TOKEN = Buffer.from(`${'{"model":"bench","message":{"content":" word"},"done":false}'.padEnd(63)}\n`);
const LAST = Buffer.from('{"model":"bench","message":{"content":""},"done":true}\n');
/** One token in each turn: node:http would send those of one turn in one write, as no server of models does. */
function streamAtFullSpeed(response: ServerResponse, count: number): void {
  let sent = 0;
  const turn = () => {
    if (response.destroyed) return;
    if (sent >= count) {
      response.end(LAST);
      return;
    }
    sent += 1;
    if (response.write(TOKEN)) setImmediate(turn);
    else response.once('drain', turn);
  };
  turn();
}

function streamPaced(response: ServerResponse, count: number, pace: number): void {
  const start = performance.now();
  let sent = 0;
  const next = () => {
    if (response.destroyed) return;
    // Late timers are made up for, so that the mean is the pace.
    const due = Math.min(count, 1 + Math.floor(((performance.now() - start) * pace) / 1000));
    for (; sent < due; sent += 1) response.write(TOKEN);
    if (sent >= count) response.end(LAST);
    else setTimeout(next, Math.max(1, start + (sent * 1000) / pace - performance.now()));
  };
  next();
}

function answer(path: string, body: Buffer, response: ServerResponse): void {
  if (path === '/api/chat' || path === '/api/generate') {
    const { options } = JSON.parse(body.toString('utf8')) as {
      options?: { num_predict?: number; pace?: number };
    };
    const { num_predict: count = 1, pace = 0 } = options ?? {};
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    if (pace > 0) streamPaced(response, count, pace);
    else streamAtFullSpeed(response, count);
    return;
  }
  const bytes = ANSWERS[path];
  response.writeHead(bytes === undefined ? 404 : 200, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': bytes?.length ?? 0,
  });
  response.end(bytes);
}

const server = createServer({ keepAliveTimeout: 3_600_000, requestTimeout: 0 }, (request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => answer((request.url ?? '/').split('?')[0] ?? '/', Buffer.concat(parts), response));
  request.on('error', () => {});
});
server.listen({ port: Number(process.argv[2] ?? 0), host: '127.0.0.1', backlog: 1024 }, () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
