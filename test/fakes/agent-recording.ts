/**
 * The conversation of a core with an agent, as bytes: recorded through a proxy between the real link and the real agent,
 * and replayed by a server that gives the recorded answers to exactly the recorded requests.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toJSONSchema } from 'zod';
import type { $ZodType } from 'zod/v4/core';
import type {
  AgentLink,
  AgentMachine,
  AgentSample,
  SignedRelease,
} from '../../electron/core/ports/agents.ts';
import { helloSchema } from '../../shared/contract/agent/hello.ts';
import { machineSchema } from '../../shared/contract/agent/telemetry.ts';
import { type AgentEndpoint, agentApi, agentStream } from '../../shared/contract/agent.ts';

export interface RecordedExchange {
  request: { method: string; path: string; body: string };
  reply: { status: number; type: string; body: string };
}

export interface AgentRecording {
  protocol: number;
  token: string;
  /** A release and the key that signed it; since version 2. */
  update?: { release: SignedRelease; key: string };
  exchanges: RecordedExchange[];
  /** What the core that was current then read from the answers. */
  results: Record<string, unknown>;
  /** The schemas of the contract that was current then. */
  contract: Record<string, unknown>;
}

export const recordedProgram = 'the program of version 1.3.0';
export const recordedToken = 'a-token-that-only-recordings-have';
const folder = new URL('../recordings/agent/', import.meta.url);
export const recordingFile = (protocol: number) => new URL(`protocol-${protocol}.json`, folder);

/** Oldest first. */
export function readRecordings(): AgentRecording[] {
  return readdirSync(folder)
    .filter((name) => /^protocol-\d+\.json$/.test(name))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as AgentRecording)
    .sort((one, other) => one.protocol - other.protocol);
}

/** Every schema that either side of the present contract checks with. */
export function contractShape(): Record<string, unknown> {
  const shape = (schema: unknown, io: 'input' | 'output') =>
    schema === undefined
      ? null
      : JSON.parse(JSON.stringify(toJSONSchema(schema as $ZodType, { io, unrepresentable: 'any' })));
  const endpoints = Object.entries(agentApi as Record<string, AgentEndpoint>).map(
    ([name, { method, path, access, request, answer }]) => [
      name,
      { call: `${method} ${path}`, access, request: shape(request, 'input'), answer: shape(answer, 'input') },
    ],
  );
  return {
    ...Object.fromEntries(endpoints),
    stream: { call: `${agentStream.method} ${agentStream.path}`, machine: shape(machineSchema, 'input') },
    announcement: shape(helloSchema, 'input'),
  };
}

export interface Conversation {
  code: string;
  signal: AbortSignal;
  protocol: number;
  /** Of `recordedProgram`, newer than the agent. */
  release: SignedRelease;
}

/** All calls of a core, in an order in which an agent with all roles answers each of them. */
export async function converse(
  link: AgentLink,
  { code, signal, protocol, release }: Conversation,
): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  const note = async (name: string, call: Promise<unknown>) => {
    results[name] = (await call) ?? null;
  };
  await note('health', link.health(signal));
  await note('pair', link.pair(code, 'Pilotlight on laptop', signal));
  await note('machine', link.machine(signal));
  await note('stream', firstOfStream(link, signal));
  const lease = { id: 'lease-1', holder: 'Pilotlight on laptop', purpose: 'index of Notes', ttlSeconds: 600 };
  await note('putLease', link.putLease(lease, signal));
  await note('leases', link.leases(signal));
  const traffic = { holder: 'Pilotlight on laptop', models: ['llama3.1:8b'], ttlSeconds: 60 };
  await note('putTraffic', link.putTraffic('panel-1', traffic, signal));
  await note('traffic', link.traffic(signal));
  const policy = {
    finishAlone: true,
    onlyIfWoken: true,
    idleMinutes: 15,
    action: 'shutdown' as const,
    respectUsers: true,
    countdownSeconds: 60,
    helloUrl: 'http://127.0.0.1:9/hello',
  };
  await note('putPolicy', link.putPolicy('panel-1', policy, signal));
  await note('woken', link.woken('boot-1', 'Pilotlight on laptop', signal));
  await note('policy', link.policy(signal));
  await note('power', link.power(signal));
  await note('endLease', link.endLease('lease-1', signal));
  await note('endMissingLease', link.endLease('lease-2', signal));
  const order = { action: 'sleep' as const, countdownSeconds: 60, force: false, by: 'Pilotlight on laptop' };
  await note('powerOff', link.powerOff(order, signal));
  await note('cancelPowerOff', link.cancelPowerOff('Pilotlight on laptop', signal));
  await note('wake', link.wake('02:00:00:00:00:09', signal));
  await note('restartOllama', link.restartOllama(signal));
  await note('removePolicy', link.removePolicy('panel-1', signal));
  if (protocol >= 2) {
    await note('update', link.update(signal));
    await note('offerUpdate', link.offerUpdate(release, signal));
    await note('putUpdatePart', link.putUpdatePart(0, Buffer.from(recordedProgram), signal));
    await note('startUpdate', link.startUpdate('1.3.0', 'Pilotlight on laptop', signal));
  }
  return JSON.parse(JSON.stringify(results));
}

/** The machine and the first sample. */
async function firstOfStream(link: AgentLink, outer: AbortSignal) {
  const stop = new AbortController();
  const heard: { machine?: AgentMachine; sample?: AgentSample } = {};
  await link
    .watch(
      {
        machine: (machine) => {
          heard.machine = machine;
        },
        sample: (sample) => {
          heard.sample = structuredClone(sample);
          stop.abort(new Error('heard enough'));
        },
      },
      AbortSignal.any([outer, stop.signal]),
    )
    .catch(() => {});
  return heard;
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function listening(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const isStream = (path: string) => path === agentStream.path;

/** Passes everything on to the agent and keeps a copy; a stream is kept up to the end of its first sample. */
export async function startRecorder(agentUrl: string) {
  const exchanges: RecordedExchange[] = [];
  const server = await listening(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    const body = await bodyOf(request);
    const exchange = { request: { method, path, body }, reply: { status: 0, type: '', body: '' } };
    exchanges.push(exchange);
    await new Promise<void>((done, fail) => {
      const asked = httpRequest(agentUrl + path, { method, headers }, (reply) => {
        const { statusCode: status = 0 } = reply;
        const type = reply.headers['content-type'] ?? '';
        exchange.reply = { status, type, body: '' };
        response.writeHead(status, { 'content-type': type });
        reply.on('data', (chunk: Buffer) => {
          const isEnough = isStream(path) && /event: sample\ndata: .*\n\n/.test(exchange.reply.body);
          if (!isEnough) exchange.reply.body += chunk.toString('utf8');
          response.write(chunk);
        });
        reply.on('end', () => {
          response.end();
          done();
        });
        reply.on('error', fail);
      });
      asked.on('error', fail);
      response.on('close', () => {
        asked.destroy();
        done();
      });
      asked.end(body);
    });
  });
  return { ...server, exchanges };
}

/**
 * An agent of the past: gives each recorded answer to its request. `sent` has what was asked, `change` may alter a body
 * as a newer agent would.
 */
export async function startReplay(
  { exchanges }: Pick<AgentRecording, 'exchanges'>,
  change: (body: string, path: string) => string = (body) => body,
) {
  const left = [...exchanges];
  const sent: RecordedExchange['request'][] = [];
  const server = await listening(async (request, response) => {
    const { method = '', url: path = '' } = request;
    const body = await bodyOf(request);
    sent.push({ method, path, body });
    const at = left.findIndex((one) => one.request.method === method && one.request.path === path);
    const [exchange] = at < 0 ? [] : left.splice(at, 1);
    if (exchange === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}');
      return;
    }
    const { status, type, body: text } = exchange.reply;
    response.writeHead(status, { 'content-type': type }).end(change(text, path));
  });
  return { ...server, sent };
}
