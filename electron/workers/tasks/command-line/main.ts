/** `pilotlight worker …`: a worker on any computer with Node, with no Pilotlight beside it. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import packageJson from '../../../../package.json' with { type: 'json' };
import { isPilotlightError, toWireError } from '../../../../shared/contract/errors.ts';
import type { TaskQueueName, WorkerType } from '../../../../shared/models/tasks.ts';
import { printable } from '../../../../shared/printable.ts';
import { redactSecrets } from '../../../../shared/redact.ts';
import { createSystemClock } from '../../../adapters/clock.ts';
import { createNodeHttp } from '../../../adapters/network/http.ts';
import { plainNode } from '../../../adapters/processes/plain-node.ts';
import type { Log } from '../../../core/ports/log.ts';
import { createTaskServer } from '../link/server.ts';
import { detectType, openTaskWorker, queuesOfType } from '../open-worker.ts';
import { type CheckStep, checkWorker } from './check.ts';
import { makeWorkerFolder } from './init.ts';
import { readCommand, readSettings, tokenVariable, usage, type WorkerSettings } from './options.ts';
import { takeWorkerId } from './worker-id.ts';

// Names and messages come from people and from the server.
const print = (line: string) => process.stdout.write(`${printable(redactSecrets(line))}\n`);
const note = (line: string) => process.stderr.write(`${printable(redactSecrets(line))}\n`);
/** npm runs scripts in the package's folder; INIT_CWD is where the command was typed. */
const pathOf = (path: string) => resolve(process.env.INIT_CWD ?? process.cwd(), path);

/** @param entry absolute path of the program; its handlers run it too */
export async function runCommandLine(entry: string, args = process.argv.slice(2)): Promise<void> {
  // A closed output pipe is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    process.exitCode = await run(entry, args);
  } catch (error) {
    const { code, message, next } = toWireError(error);
    note(`${code}: ${message}`);
    if (next !== '') note(`  ${next}`);
    if (!isPilotlightError(error)) note(error instanceof Error ? (error.stack ?? '') : String(error));
    process.exitCode = isPilotlightError(error) && error.details?.usage === true ? 2 : 1;
  }
  // Sockets kept alive for another request would otherwise keep the process running.
  setTimeout(() => process.exit(), 500).unref();
}

async function run(entry: string, args: readonly string[]): Promise<number> {
  const { command, json, folder } = readCommand(args);
  if (command === 'help') {
    for (const line of usage) print(line);
    return 0;
  }
  const environment = { ...process.env };
  // The processes of handlers do not need it.
  delete process.env[tokenVariable];
  const given = await readSettings(args, {
    environment,
    hostname: hostname(),
    readFile: (path) => readFile(pathOf(path), 'utf8'),
    readInput: () => text(process.stdin),
    warn: note,
  });
  if (command === 'init' && folder !== null) return init(entry, given, pathOf(folder), json);
  const type = given.type ?? (await detectType());
  const settings = {
    ...given,
    type,
    queues: given.queues ?? queuesOfType(type),
    sharedFolder: given.sharedFolder === null ? null : pathOf(given.sharedFolder),
    version: packageJson.version,
    id: takeWorkerId({ hostname: hostname(), name: given.name }),
  };
  return command === 'check' ? check(entry, settings, json) : work(entry, settings);
}

type Settings = Omit<WorkerSettings, 'type' | 'queues'> & {
  type: WorkerType;
  queues: TaskQueueName[];
  version: string;
  id: string;
};

async function work(entry: string, settings: Settings): Promise<number> {
  const { drainMs, ...own } = settings;
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    const more = Object.entries(fields ?? {}).map(([name, value]) => `${name}: ${String(value)}`);
    note(`${new Date().toISOString()} ${level}${[message, ...more].join('  ')}`);
  };
  const log: Log = { debug: () => {}, info: line(''), warn: line('warning: '), error: line('error: ') };
  const worker = await openTaskWorker({ config: { ...own, agentId: null }, entry, log });
  print(`Worker ${own.name} (${own.type}) takes tasks of ${own.queues.join(', ')} from ${own.server}.`);
  await new Promise<void>((stopped) => {
    let asked = 0;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        asked += 1;
        if (asked > 1) return stopped();
        const { active } = worker.status();
        if (active > 0) note(`Waiting for ${active} of its tasks. Press Ctrl+C again to give them back.`);
        void worker.drain(drainMs).then(stopped);
      });
    }
  });
  await worker.stop();
  return 0;
}

/** As every reader of the settings takes it; null if one would read it as something else. */
function nodePath(): string | null {
  const path = plainNode()?.replaceAll('\\', '/') ?? null;
  return path !== null && /^[A-Za-z0-9_./: -]+$/.test(path) ? path : null;
}

async function init(
  entry: string,
  { token, drainMs, name, ...given }: WorkerSettings,
  folder: string,
  json: boolean,
): Promise<number> {
  const made = await makeWorkerFolder(folder, {
    ...{ token, entry },
    // What is found out on this computer says nothing of the other one.
    settings: {
      ...{ ...given, name: name === hostname() ? null : name, drainSeconds: drainMs / 1000 },
      node: nodePath(),
    },
  });
  if (json) print(JSON.stringify(made));
  else {
    print(`Made ${made.folder}: ${made.written.join(', ')}.`);
    if (made.kept.length > 0) print(`Left as they were: ${made.kept.join(', ')}.`);
    print('Copy the folder to the computer of the worker, then run ./start.sh check there.');
  }
  return 0;
}

const marks: Readonly<Record<CheckStep['state'], string>> = { pass: '✓', fail: '✗', 'not-applicable': '–' };

async function check(entry: string, settings: Settings, json: boolean): Promise<number> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => interrupted.abort());
  const clock = createSystemClock();
  const { server, token } = settings;
  const steps = await checkWorker(
    { ...settings, id: `${settings.id}-check` },
    {
      server: createTaskServer({ http: createNodeHttp(), base: server, token }),
      clock,
      entry,
      signal: interrupted.signal,
      report({ state, seen, fix }) {
        if (json) return;
        print(`${marks[state]} ${seen}`);
        if (fix !== '') print(`  Fix: ${fix}`);
      },
    },
  );
  const { name, type, queues } = settings;
  if (json) print(JSON.stringify({ name, type, queues, steps }));
  return steps.some(({ state }) => state === 'fail') ? 1 : 0;
}
