/** The real built programs: a core with a data folder of its own, and a simulator as a process. */

import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type CoreClient, createCoreClient } from '../../../electron/host/core-client.ts';
import { readEndpoint } from '../../../electron/host/endpoint.ts';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
export const dist = resolve(root, process.env.PILOTLIGHT_DIST ?? 'dist');

export interface RunningCore {
  /** The one-time address that it printed. */
  url: string;
  origin: string;
  call: CoreClient['call'];
  /** Another one-time address. */
  newUrl(): Promise<string>;
  /** Ends it as a person would, and waits. */
  stop(): Promise<void>;
  /** Ends it at once, as a power cut would, and waits. */
  kill(): Promise<void>;
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill(signal);
  await gone;
}

/** Starts a program and resolves with the first line that `read` makes something of. */
async function startProgram<Ready>(
  args: readonly string[],
  read: (line: string) => Ready | null,
): Promise<{ child: ChildProcess; ready: Ready }> {
  const child = spawn(process.execPath, args, {
    // The simulator ends with its input.
    stdio: ['pipe', 'pipe', 'pipe'],
    // Nothing of the tester's own fleet may be offered or looked at.
    env: { ...process.env, OLLAMA_HOST: '' },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ready = await new Promise<Ready>((done, fail) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const made = read(line);
      if (made !== null) done(made);
      said += `${line}\n`;
    });
    child.once('exit', (code) =>
      fail(new Error(`The program ended with ${code} before it was ready:\n${said}`)),
    );
  });
  return { child, ready };
}

/** Started again with the same data folder, it takes the same port where that is free. */
export async function startCoreProcess(
  data: string,
  options: { simulate?: boolean; port?: number } = {},
): Promise<RunningCore> {
  const { child, ready: url } = await startProgram(
    [
      join(dist, 'headless', 'headless.mjs'),
      '--data',
      data,
      '--no-open',
      '--gateway-port',
      'off',
      ...(options.simulate ? ['--simulate'] : []),
      ...(options.port === undefined ? [] : ['--port', String(options.port)]),
    ],
    (line) => /^Pilotlight is ready at (http:\S+)$/.exec(line)?.[1] ?? null,
  );
  const endpoint = readEndpoint(data);
  if (!endpoint) throw new Error('The core wrote no endpoint file.');
  const client = createCoreClient(endpoint);
  return {
    url,
    origin: new URL(url).origin,
    call: client.call,
    newUrl: () => client.oneTimeUrl(),
    stop: () => end(child, 'SIGTERM'),
    kill: () => end(child, 'SIGKILL'),
  };
}

export interface RunningSimulator {
  nodes: { id: string; url: string; mac: string }[];
  stop(): Promise<void>;
}

/** So many small machines that are always on; every second one has a GPU. */
export async function startSimulatorProcess(nodes: number): Promise<RunningSimulator> {
  const { child, ready } = await startProgram(
    [join(dist, 'simulator', 'simulator.mjs'), '--nodes', String(nodes), '--json'],
    (line) =>
      line.startsWith('{"nodes"') ? (JSON.parse(line) as Pick<RunningSimulator, 'nodes'>).nodes : null,
  );
  return { nodes: ready, stop: () => end(child, 'SIGTERM') };
}
