/** Handlers that misbehave as `options.do` says, and the real one; for tests of workers. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { documentHandler } from '../../electron/workers/tasks/handlers/document.ts';
import type {
  Handler,
  HandlerContext,
  HandlerOutput,
} from '../../electron/workers/tasks/handlers/handler.ts';
import { watchMemory } from '../../electron/workers/tasks/processes/memory-watch.ts';
import { serveHandlers } from '../../electron/workers/tasks/processes/serve-handlers.ts';
import { runWatchdog } from '../../electron/workers/watchdog.ts';

const done = (content: string) => ({ content, metadata: { pid: process.pid } });

const program = `
  const call = (name) => require('node:net').connect(Number(process.argv[1].split('/').at(-1)), '127.0.0.1')
    .on('error', () => {}).write(name);
  const { spawn } = require('node:child_process');
  if (process.argv[2] === 'grandchild') call('grandchild');
  else {
    call('child');
    spawn(process.execPath, ['-e', process.execArgv[1], process.argv[1], 'grandchild'], { stdio: 'ignore' });
  }
`;

const acts: Record<string, (context: HandlerContext, path: string) => Promise<HandlerOutput>> = {
  async block(_, path) {
    // As native code would: nothing else runs in this process.
    while (!existsSync(`${path}.continue`)) {}
    return done('unblocked');
  },
  async leak() {
    const kept: Buffer[] = [];
    for (;;) kept.push(Buffer.alloc(8 * 1024 * 1024, 1));
  },
  async grow() {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(100_000).fill({ one: kept.length }));
  },
  async exit(context) {
    context.log('about to end');
    process.stderr.write('something broke badly\n');
    process.exit(3);
  },
  hang: ({ log }) => {
    log('hanging');
    // It does not care about its signal.
    return new Promise(() => {});
  },
  polite: ({ signal, log }, path) =>
    new Promise((_, reject) => {
      log('waiting to be cancelled');
      signal.addEventListener('abort', () => {
        closeSync(openSync(`${path}.tidied`, 'w'));
        reject(signal.reason);
      });
    }),
  async wait({ progress, log }, path) {
    progress(0.25, 'a quarter');
    log('waiting');
    while (!existsSync(`${path}.continue`)) await new Promise((resolve) => setTimeout(resolve, 10));
    return done('waited');
  },
  /** Starts a program that starts another; both call the port in `path` for as long as they live. */
  async programs({ log, signal }, path) {
    const child = spawn(process.execPath, ['-e', program, path], { stdio: 'ignore' });
    child.once('spawn', () => log('started'));
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    // It forgets what it started.
    return done('ended');
  },
  async programsThenExit(_, path) {
    const child = spawn(process.execPath, ['-e', program, path], { stdio: 'ignore' });
    child.once('error', () => {});
    while (!existsSync(`${path}.exit`)) await new Promise((resolve) => setTimeout(resolve, 10));
    process.exit(3);
  },
  async defect() {
    throw new TypeError('somebody made a mistake');
  },
  async pid() {
    return done(String(process.pid));
  },
  async long() {
    return done('0123456789'.repeat(200_000));
  },
};

const handler: Handler = {
  contentTypes: ['document'],
  components: [],
  handle(input, context) {
    const act = acts[String(context.options.do)];
    if (act === undefined) return documentHandler.handle(input, context);
    // The test's own folder: the input may be a copy in the task's.
    return act(context, String(context.options.mark));
  },
};

if (!isMainThread) {
  runWatchdog();
  watchMemory();
} else serveHandlers(fileURLToPath(import.meta.url), (type) => (type === 'document' ? handler : null));
