import { EventEmitter } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, launchChromium } from './chromium.ts';
import { watchDownloads } from './downloads.ts';

const switches: string[] = [];
let launched: Promise<Browser> | null = null;

/** The one Chromium, started when it is first needed, with the switches appended until then. */
export function browser(): Promise<Browser> {
  launched ??= launchChromium(switches).then(watchDownloads);
  return launched;
}

class App extends EventEmitter {
  readonly isPackaged = false;
  readonly name = 'pilotlight';
  readonly #paths = new Map<string, string>();
  readonly commandLine = {
    appendSwitch: (name: string, value?: string) => {
      switches.push(value === undefined ? name : `${name}=${value}`);
    },
  };
  sandboxed = false;
  loginSettings: unknown = null;
  #delivering: Promise<void> = Promise.resolve();
  #whenReady: Promise<void> | null = null;
  #quitting = false;

  enableSandbox(): void {
    this.sandboxed = true;
  }

  setPath(name: string, path: string): void {
    this.#paths.set(name, path);
  }

  getPath(name: string): string {
    return this.#paths.get(name) ?? tmpdir();
  }

  getAppPath(): string {
    return process.cwd();
  }

  setAppUserModelId(): void {}

  setAsDefaultProtocolClient(): boolean {
    return true;
  }

  setLoginItemSettings(settings: unknown): void {
    this.loginSettings = settings;
  }

  whenReady(): Promise<void> {
    this.#whenReady ??= browser().then(({ endpoint }) => {
      process.send?.({ kind: 'ready', endpoint });
      this.emit('ready');
    });
    return this.#whenReady;
  }

  /** The first holds a file and a socket; a later one tells it what it was started with. */
  requestSingleInstanceLock(): boolean {
    const folder = this.getPath('userData');
    const file = join(folder, 'standin-instance');
    mkdirSync(folder, { recursive: true });
    const socket = join(tmpdir(), `standin-${process.pid}-${Date.now()}.sock`);
    try {
      writeFileSync(file, socket, { flag: 'wx' });
    } catch {
      this.#delivering = deliver(readFileSync(file, 'utf8'), process.argv);
      return false;
    }
    process.once('exit', () => rmSync(file, { force: true }));
    createServer((connection) => {
      let text = '';
      connection.on('data', (chunk) => {
        text += chunk.toString();
      });
      connection.on('end', () => this.emit('second-instance', {}, JSON.parse(text), process.cwd()));
    })
      .listen(socket)
      .unref();
    return true;
  }

  quit(): void {
    if (this.#quitting) return;
    let prevented = false;
    this.emit('before-quit', {
      preventDefault: () => {
        prevented = true;
      },
    });
    if (prevented) return;
    this.#quitting = true;
    this.emit('will-quit', { preventDefault: () => {} });
    void this.#delivering.then(() => this.exit(0));
  }

  exit(code = 0): void {
    process.exit(code);
  }
}

/** The first may still be opening its socket. */
async function deliver(socket: string, argv: readonly string[]): Promise<void> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const sent = await new Promise<boolean>((resolve) => {
      const connection = createConnection(socket);
      connection.once('error', () => resolve(false));
      connection.once('close', () => resolve(true));
      connection.once('connect', () => connection.end(JSON.stringify(argv)));
    });
    if (sent) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const app = new App();
