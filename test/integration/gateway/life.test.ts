import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holderOf } from '../../../electron/adapters/gateway/port-holder.ts';
import { createCoreClient } from '../../../electron/host/core-client.ts';
import { readEndpoint } from '../../../electron/host/endpoint.ts';
import { startHost } from '../../../electron/host/start-host.ts';
import type { GatewayView } from '../../../shared/models/gateway.ts';
import { createRememberingLog } from '../../fakes/transport.ts';
import { createPrograms, type Program } from '../host/program.ts';

let folder: string;
let data: string;
const programs = createPrograms(() => data);
const { launch } = programs;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-gateway-'));
  data = join(folder, 'data');
});
afterEach(async () => {
  await programs.stop();
  if (existsSync(join(data, 'gateway.json'))) process.kill(gatewayFile().pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const gatewayFile = () =>
  JSON.parse(readFileSync(join(data, 'gateway.json'), 'utf8')) as { pid: number; port: number };

/** The address that the program printed after its ready line. */
const address = ({ until, output }: Program) =>
  until(() => /^Point your programs here: (http:\S+)$/m.exec(output.out)?.[1] ?? null);

async function view(program: Program, fits: (view: GatewayView) => boolean): Promise<GatewayView> {
  await program.ready();
  const endpoint = readEndpoint(data);
  if (endpoint === null) throw new Error('The core wrote no endpoint file.');
  const client = createCoreClient(endpoint);
  for (;;) {
    const now = await client.call('gateway.get', {});
    if (fits(now)) return now;
  }
}

const versionOf = async (url: string) => {
  const reply = await fetch(`${url}/api/version`);
  return reply.ok ? ((await reply.json()) as { version: string }).version : null;
};

/** Resolves when nothing accepts connections at the port any more. */
async function closed(port: number): Promise<void> {
  for (;;) {
    const accepted = await new Promise<boolean>((resolve) => {
      let isOpen = false;
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => {
        isOpen = true;
        socket.destroy();
      });
      socket.on('error', () => {});
      socket.once('close', () => resolve(isOpen));
    });
    if (!accepted) return;
  }
}

describe('the gateway of a headless core', () => {
  it('is named after the ready line, outlives a killed core, and is found by the next one', async () => {
    const first = launch('--gateway-port', '0', '--simulate');
    const url = await address(first);
    expect(first.output.out.indexOf('is ready at')).toBeLessThan(first.output.out.indexOf(url));
    expect(await versionOf(url)).not.toBeNull();
    const { pid } = gatewayFile();
    first.child.kill('SIGKILL');
    await first.exit;
    expect(await versionOf(url)).not.toBeNull();

    const second = launch('--gateway-port', '0');
    expect(await address(second)).toBe(url);
    expect(gatewayFile().pid).toBe(pid);

    process.kill(pid, 'SIGKILL');
    await view(second, ({ state, restarts }) => state === 'running' && restarts === 1);
    expect(await versionOf(url)).not.toBeNull();
    expect(gatewayFile().pid).not.toBe(pid);

    // Nothing is in flight, so nothing is left.
    const { port } = gatewayFile();
    second.child.kill('SIGTERM');
    await second.exit;
    await closed(port);
    expect(existsSync(join(data, 'gateway.json'))).toBe(false);
  });

  it('says who uses its port, while the core runs, and opens when that program ends', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    const program = launch('--gateway-port', String(port));
    const failed = await view(program, ({ state }) => state === 'failed');
    expect(failed).toMatchObject({ url: null, problem: { code: 'PORT_IN_USE' } });
    const { message } = failed.problem ?? {};
    if (process.platform === 'linux') {
      expect(message).toMatchObject({ params: { port, holder: { pid: process.pid } } });
    }
    holder.close();
    expect((await view(program, ({ state }) => state === 'running')).url).toBe(`http://127.0.0.1:${port}`);
    program.child.kill('SIGTERM');
    await program.exit;
  });

  it('is not there with --gateway-port off', async () => {
    const program = launch();
    expect(await view(program, () => true)).toMatchObject({
      state: 'off',
      problem: { code: 'GATEWAY_OFF_HERE' },
    });
    expect(existsSync(join(data, 'gateway.json'))).toBe(false);
  });
});

describe('the gateway of a core in this process', () => {
  it('is its child: it serves, and ends with it', async () => {
    const host = await startHost({
      dataFolder: data,
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      log: createRememberingLog(),
      gateway: { port: 0 },
    });
    const { url, state } = await host.openGateway();
    expect(state).toBe('running');
    expect(await versionOf(url ?? '')).not.toBeNull();
    expect(existsSync(join(data, 'gateway.json'))).toBe(false);
    await host.stop();
    await closed(Number(new URL(url ?? '').port));
  });

  it('is absent where nobody asks for it', async () => {
    const host = await startHost({
      dataFolder: data,
      environment: { OLLAMA_HOST: '127.0.0.1:1' },
      panelRoot: null,
      log: createRememberingLog(),
    });
    expect((await host.openGateway()).state).toBe('off');
    await host.stop();
  });
});

describe.runIf(process.platform === 'linux')('the holder of a port', () => {
  it('is this process, and nobody once it is closed', async () => {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await holderOf(port)).toMatchObject({ pid: process.pid });
    server.close();
    await once(server, 'close');
    expect(await holderOf(port)).toBeNull();
  });

  it('is not known where the system does not say', async () => {
    expect(await holderOf(80, join(folder, 'no-proc'))).toBeNull();
  });
});
