import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createGatewayLink } from '../../../electron/adapters/gateway/gateway-link.ts';
import { createOutlivingHost, retireOutliving } from '../../../electron/adapters/processes/outliving-host.ts';
import { createForkWorkerHost, type WorkerHost } from '../../../electron/adapters/processes/worker-host.ts';
import { createSystemClock } from '../../../electron/adapters/system.ts';
import type { GatewayLink, GatewayStart } from '../../../electron/core/gateway/link.ts';
import type { GatewayTable } from '../../../electron/core/gateway/model.ts';
import { buildTable } from '../../../electron/core/gateway/table.ts';
import { defaultSettings } from '../../../shared/models/settings.ts';
import { spawn } from '../../fakes/children.ts';
import { createRememberingLog } from '../../fakes/transport.ts';

const entry = fileURLToPath(new URL('../../fakes/small-gateway.ts', import.meta.url));

let folder: string;
let endpoint: string;
const pids = new Set<number>();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-outliving-'));
  endpoint = join(folder, 'gateway.json');
});
afterEach(() => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  pids.clear();
  rmSync(folder, { recursive: true, force: true });
});

const table = (version: number): GatewayTable => ({
  version,
  ...buildTable({ nodes: [], credentials: [], settings: defaultSettings.gateway }),
});

/** A core's end of the link. `gone` cuts it off as the end of its process would. */
function openCore({
  version = '1',
  host,
  orphanMs,
}: {
  version?: string;
  host?: WorkerHost;
  orphanMs?: number;
} = {}) {
  const log = createRememberingLog();
  const sockets: { destroy(): void }[] = [];
  const outliving = createOutlivingHost({
    entry,
    endpoint,
    version,
    log,
    ...(orphanMs === undefined ? {} : { orphanMs }),
    spawn: ((...args: Parameters<typeof spawn>) => {
      const child = spawn(...args);
      if (child.pid !== undefined) pids.add(child.pid);
      return child;
    }) as typeof spawn,
    onConnected: (socket) => sockets.push(socket),
  });
  const link = createGatewayLink({
    host: host ?? outliving,
    clock: createSystemClock(),
    log,
    core: 'test',
    leaveAtStop: outliving.leaveAtStop,
  });
  return {
    link,
    log,
    outliving,
    sockets,
    start: () => {
      const started = next(link);
      link.start();
      return started;
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const next = (link: GatewayLink) =>
  new Promise<GatewayStart>((resolve) => {
    const stop = link.onStart((start) => {
      stop();
      resolve(start);
    });
  });
const traffic = (link: GatewayLink, wanted: number) =>
  new Promise<void>((resolve) => {
    const stop = link.onEvent((event) => {
      if (event.kind !== 'traffic' || event.nodes[0]?.inFlight.m !== wanted) return;
      stop();
      resolve();
    });
  });

const read = () => JSON.parse(readFileSync(endpoint, 'utf8')) as { pid: number; port: number; token: string };
const loopback = { host: '127.0.0.1', port: 0 };

async function answerOf(port: number): Promise<string> {
  const reply = await fetch(`http://127.0.0.1:${port}/`);
  return reply.text();
}

async function openStream(port: number): Promise<IncomingMessage> {
  const [reply] = (await once(get({ ...loopback, port, path: '/stream' }), 'response')) as [IncomingMessage];
  reply.on('error', () => {});
  await once(reply, 'data');
  return reply;
}

/** Resolves when the process has ended, which its endpoint's port shows. */
async function ended(port: number): Promise<void> {
  for (;;) {
    const answered = await new Promise<boolean>((resolve) => {
      let connected = false;
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => {
        connected = true;
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(connected));
    });
    if (!answered) return;
  }
}

describe('a process that outlives its core', () => {
  it('starts, answers, and writes a private file that names it', async () => {
    const { link, start } = openCore();
    expect(await start()).toEqual({ version: 0, listening: null, traffic: [], instance: expect.any(String) });
    await link.setTable(table(7));
    const { port } = await link.listen(loopback);
    const { pid } = read();
    expect(await answerOf(port)).toBe(`${pid} 7`);
    expect(statSync(endpoint).mode & 0o777).toBe(0o600);
    const { port: linkPort } = read();
    await link.stop({ forGood: true });
    await ended(linkPort);
  });

  it('serves its last table without a core, and is found by the next one with its stream', async () => {
    const first = openCore();
    await first.start();
    await first.link.setTable(table(7));
    const { port } = await first.link.listen(loopback);
    const stream = await openStream(port);
    const { pid } = read();
    first.link.onEnd(() => {});
    await first.link.stop({ forGood: false });
    expect(await answerOf(port)).toBe(`${pid} 7`);

    const second = openCore();
    expect(await second.start()).toMatchObject({
      version: 7,
      listening: { host: '127.0.0.1', port },
      traffic: [{ nodeId: 'a', breaker: 'closed', inFlight: { m: 1 } }],
    });
    expect(read().pid).toBe(pid);
    const idle = traffic(second.link, 0);
    stream.destroy();
    await idle;
    await second.link.stop({ forGood: true });
  });

  it('ends at once when its core leaves in order and nothing runs, and takes its file along', async () => {
    const { link, start } = openCore();
    await start();
    const { port } = read();
    await link.stop({ forGood: false });
    await ended(port);
    expect(existsSync(endpoint)).toBe(false);
  });

  it('ends when its last request has ended, if its core left before', async () => {
    const { link, start } = openCore();
    await start();
    const { port } = await link.listen(loopback);
    const stream = await openStream(port);
    const { port: linkPort } = read();
    await link.stop({ forGood: false });
    expect(await answerOf(port)).toContain(' 0');
    stream.destroy();
    await ended(linkPort);
  });

  it('is connected to again by the same core, if only the connection was lost', async () => {
    const { link, start, cut } = openCore();
    await start();
    await link.setTable(table(3));
    const { pid } = read();
    const again = next(link);
    cut();
    expect((await again).version).toBe(3);
    expect(read().pid).toBe(pid);
    await link.stop({ forGood: true });
  });

  it('ends by itself when no core comes, although a request runs', async () => {
    const { outliving, sockets } = openCore({ orphanMs: 200 });
    const worker = outliving.start();
    const answered = new Promise<unknown>((resolve) => worker.onMessage(resolve));
    worker.send({ kind: 'configure', config: { core: 'test' } });
    worker.send({ kind: 'call', id: 1, method: 'listen', params: loopback });
    const { value } = (await answered) as { value: { port: number } };
    const stream = await openStream(value.port);
    const closed = new Promise((resolve) => stream.once('close', resolve));
    const { port } = read();
    for (const socket of sockets) socket.destroy();
    await closed;
    await ended(port);
    expect(existsSync(endpoint)).toBe(false);
  });

  it('is started again when it was killed', async () => {
    const { link, start } = openCore();
    await start();
    const { pid } = read();
    const again = next(link);
    const lost = new Promise<void>((resolve) => {
      link.onEnd(resolve);
    });
    process.kill(pid, 'SIGKILL');
    await lost;
    expect((await again).version).toBe(0);
    expect(read().pid).not.toBe(pid);
    await link.stop({ forGood: true });
  });

  it('of another version closes its listener, lets its stream end, and is replaced', async () => {
    const first = openCore();
    await first.start();
    const { port } = await first.link.listen(loopback);
    const stream = await openStream(port);
    const old = read();
    await first.link.stop({ forGood: false });

    const second = openCore({ version: '2' });
    expect((await second.start()).version).toBe(0);
    expect(read().pid).not.toBe(old.pid);
    // Its port is free for the new one.
    expect((await second.link.listen({ ...loopback, port })).port).toBe(port);
    expect(stream.destroyed).toBe(false);
    stream.destroy();
    await ended(old.port);
    await second.link.stop({ forGood: true });
  });

  it('makes room for a program that does not use it', async () => {
    const { link, start } = openCore();
    await start();
    const { port } = await link.listen(loopback);
    const stream = await openStream(port);
    const { port: linkPort } = read();
    await link.stop({ forGood: false });
    await retireOutliving(endpoint);
    stream.destroy();
    await ended(linkPort);
  });
});

describe('an endpoint file', () => {
  const boot = () => {
    const { link, start } = openCore();
    return start().then(async () => {
      const found = { ...read() };
      await link.stop({ forGood: true });
      await ended(found.port);
      return found;
    });
  };

  it.each([
    ['of a process that has ended', (file: object) => file],
    ['of another boot', (file: object) => ({ ...file, pid: process.pid, bootId: 'another' })],
    ['of another program that has this process id by now', (file: object) => ({ ...file, pid: process.pid })],
    ['that is damaged', () => 'nonsense'],
  ])('%s is replaced', async (_what, change) => {
    const file = await boot();
    const content = change({ ...file, version: '1', bootId: null });
    writeFileSync(endpoint, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
    const { link, start } = openCore();
    expect((await start()).version).toBe(0);
    expect(pids.has(read().pid)).toBe(true);
    await link.stop({ forGood: true });
  });

  it('that others can read is not used', async () => {
    const first = openCore();
    await first.start();
    const { pid } = read();
    chmodSync(endpoint, 0o644);
    const second = openCore();
    await second.start();
    expect(read().pid).not.toBe(pid);
    await second.link.stop({ forGood: true });
  });

  it('gives its token to nobody who answers at its port without it', async () => {
    const heard: string[] = [];
    const stranger = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        heard.push(chunk.toString());
        socket.write(`${JSON.stringify({ nonce: 'x'.repeat(32), proof: 'y'.repeat(43) })}\n`);
      });
    });
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as { port: number };
    const { token } = await boot();
    writeFileSync(
      endpoint,
      JSON.stringify({ pid: process.pid, bootId: bootId(), port, token, version: '1' }),
      { mode: 0o600 },
    );
    const { link, start } = openCore();
    await start();
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.join('')).not.toContain(token);
    expect(heard.join('')).not.toContain('configure');
    await link.stop({ forGood: true });
    stranger.close();
  });
});

describe('who connects to its port', () => {
  it.each([
    ['says nothing that it understands', 'GET / HTTP/1.1\r\n\r\n'],
    ['has no proof', '{"nonce":"n"}\n{"proof":"p"}\n'],
    ['sends a frame at once', `{"nonce":"n"}\n${'\0'.repeat(2000)}`],
  ])('and %s is cut off, and the core is not', async (_what, text) => {
    const { link, start } = openCore();
    await start();
    const socket = connect({ host: '127.0.0.1', port: read().port });
    socket.on('error', () => {});
    socket.resume();
    socket.write(text);
    await once(socket, 'close');
    await link.setTable(table(2));
    await link.stop({ forGood: true });
  });
});

describe('as a child of its core', () => {
  it('it is the same program, and ends with the core', async () => {
    const { link, start } = openCore({ host: createForkWorkerHost({ entry }) });
    expect(await start()).toEqual({ version: 0, listening: null, traffic: [], instance: expect.any(String) });
    await link.setTable(table(4));
    const { port } = await link.listen(loopback);
    expect(await answerOf(port)).toContain(' 4');
    const counted = traffic(link, 1);
    const stream = await openStream(port);
    await counted;
    const closed = new Promise((resolve) => stream.once('close', resolve));
    await link.stop({ forGood: false });
    await closed;
    expect(existsSync(endpoint)).toBe(false);
  });
});

const bootId = () => {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
};
