/** The two that can run the built program: Electron itself, and its stand-in over Chromium. */

import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, _electron as electronLauncher, type Page } from '@playwright/test';
import { findElectronForTests } from '../../../build/lib/desktop.mjs';
import { type ChildProcess, spawn } from '../../fakes/children.ts';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const dist = resolve(root, process.env.PILOTLIGHT_DIST ?? 'dist');
const probe = fileURLToPath(new URL('./probe.cjs', import.meta.url));
const hooks = new URL('../../standin/hooks.mjs', import.meta.url).href;

export type HostName = 'stand-in' | 'electron';

/** Runs in the main process: it gets the `electron` module, and finds `globalThis.desktopProbe`. */
export type InMain<Argument, Result> = (
  electron: typeof import('electron'),
  argument: Argument,
) => Result | Promise<Result>;

export interface Desktop {
  /** The page of the window. */
  page: Page;
  /** Its address as a page sees it. */
  url: string;
  evaluate<Argument, Result>(run: InMain<Argument, Result>, argument: Argument): Promise<Result>;
  /** Resolves with its exit code. */
  readonly exited: Promise<number | null>;
  kill(): Promise<void>;
}

/** Electron's binary where it can run here, or why it cannot. */
export const electronBinary = () =>
  findElectronForTests({
    nodeModules: join(root, 'node_modules'),
    platform: process.platform,
    env: process.env,
    isRoot: process.getuid?.() === 0,
  });

/** Its usual port may be in use on the computer of the person who runs the tests. */
const noGateway = '--gateway-port=off';

const environment = (): Record<string, string> => {
  const { NODE_OPTIONS: _, ELECTRON_RUN_AS_NODE: __, ...env } = process.env;
  // An Ollama of the person who runs the tests is none of their business.
  return { ...(env as Record<string, string>), OLLAMA_HOST: '' };
};

export function launch(host: HostName, args: readonly string[]): Promise<Desktop> {
  return host === 'electron' ? launchElectron(args) : launchStandIn(args);
}

async function launchElectron(args: readonly string[]): Promise<Desktop> {
  const binary = electronBinary();
  if ('reason' in binary) throw new Error(`Electron cannot run here: ${binary.reason}.`);
  const program = await electronLauncher.launch({
    executablePath: binary.path,
    args: ['--require', probe, root, noGateway, ...args],
    env: environment(),
  });
  const page = await program.firstWindow();
  const child = program.process();
  return {
    page,
    url: 'pilotlight://panel/',
    evaluate: (run, argument) => program.evaluate(run as never, argument) as Promise<never>,
    exited: new Promise((done) => child.once('exit', done)),
    kill: () => program.close(),
  };
}

/** Starts the built main process in plain Node, with the stand-in for `electron`. */
export function spawnStandIn(args: readonly string[]): ChildProcess {
  return spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      hooks,
      join(dist, 'main', 'main.mjs'),
      noGateway,
      ...args,
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...environment(), STANDIN_REQUIRE: probe },
    },
  );
}

interface FromMain {
  kind: 'ready' | 'result' | 'error';
  endpoint: string;
  id: number;
  result: unknown;
  message: string;
}

async function launchStandIn(args: readonly string[]): Promise<Desktop> {
  const child = spawnStandIn(args);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', (line) => (said += `${line}\n`));
  }
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  const endpoint = await new Promise<string>((ready, reject) => {
    child.on('message', (message: FromMain) => {
      if (message.kind === 'ready') ready(message.endpoint);
      else if (message.kind === 'result') waiting.get(message.id)?.resolve(message.result);
      else waiting.get(message.id)?.reject(new Error(message.message));
    });
    void exited.then((code) => {
      const error = new Error(`The program ended with ${code}:\n${said}`);
      reject(error);
      for (const call of waiting.values()) call.reject(error);
    });
  });

  const browser = await chromium.connectOverCDP(endpoint);
  const context = browser.contexts()[0];
  if (context === undefined) throw new Error('Chromium has no context.');
  const url = 'https://panel.pilotlight.invalid/';
  const isPanel = (page: Page) => page.url().startsWith(url);
  const page = await new Promise<Page>((found) => {
    const look = (one: Page) => {
      if (isPanel(one)) found(one);
      else one.on('framenavigated', () => isPanel(one) && found(one));
    };
    context.on('page', look);
    for (const one of context.pages()) look(one);
  });
  return {
    page,
    url,
    evaluate: <Argument, Result>(run: InMain<Argument, Result>, argument: Argument) =>
      new Promise<Result>((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id: last, source: run.toString(), argument });
      }),
    exited,
    async kill() {
      await browser.close().catch(() => {});
      child.kill('SIGTERM');
      await exited;
    },
  };
}
