import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleNode } from '../../../build/lib/bundle-node.mjs';
import { nodeEntries } from '../../../build/lib/entries.mjs';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Bridge {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): () => void;
  chooseFolder(listener: (path: string | null) => void): void;
}

describe('the bundled preload script', () => {
  let folder: string;
  let files: string[];
  let code: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pilotlight-preload-'));
    await bundleNode(
      root,
      folder,
      nodeEntries.filter(({ format }) => format === 'cjs'),
    );
    files = readdirSync(join(folder, 'preload'));
    code = readFileSync(join(folder, 'preload/preload.cjs'), 'utf8');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the script as a sandboxed page does: `electron` is all that it can require. */
  function load() {
    const exposed: Record<string, Bridge> = {};
    const posted: { channel: string; ports: MessagePort[] }[] = [];
    const required: string[] = [];
    const electron = {
      contextBridge: {
        exposeInMainWorld: (name: string, api: Bridge) => {
          exposed[name] = api;
        },
      },
      ipcRenderer: {
        postMessage: (channel: string, _message: unknown, ports: MessagePort[]) =>
          posted.push({ channel, ports }),
      },
    };
    runInNewContext(code, {
      MessageChannel,
      exports: {},
      module: { exports: {} },
      require: (name: string) => {
        required.push(name);
        if (name !== 'electron') throw new Error(`A sandboxed preload script cannot load ${name}.`);
        return electron;
      },
    });
    return { exposed, posted, required };
  }

  it('is one file that loads nothing but electron', () => {
    expect(files.sort()).toEqual(['preload.cjs', 'preload.cjs.map']);
    expect(load().required).toEqual(['electron']);
  });

  it('hands one port over, and gives the page three functions', async () => {
    const { exposed, posted } = load();
    expect(posted.map(({ channel, ports }) => [channel, ports.length])).toEqual([['pilotlight:link', 1]]);
    expect(Object.keys(exposed)).toEqual(['pilotlight']);
    const bridge = exposed.pilotlight;
    const port = posted[0]?.ports[0];
    expect(Object.keys(bridge ?? {})).toEqual(['send', 'onMessage', 'chooseFolder']);
    if (bridge === undefined || port === undefined) return;

    const arrived = new Promise((resolve) => {
      port.onmessage = (event) => resolve(event.data);
    });
    bridge.send({ type: 'cancel', id: 1 });
    expect(await arrived).toEqual({ type: 'cancel', id: 1 });

    const first: unknown[] = [];
    const received = new Promise<void>((resolve) => {
      const stop = bridge.onMessage((message) => first.push(message));
      bridge.onMessage((message) => {
        stop();
        if ((message as { id: number }).id === 3) resolve();
      });
    });
    port.postMessage({ type: 'end', id: 2 });
    port.postMessage({ type: 'end', id: 3 });
    await received;
    expect(first).toEqual([{ type: 'end', id: 2 }]);
    port.close();
  });

  it.each(['/home/me/models', null])('asks for a folder on a port of its own: %s', async (path) => {
    const { exposed, posted } = load();
    const chosen = new Promise((resolve) => exposed.pilotlight?.chooseFolder(resolve));
    expect(posted.map(({ channel }) => channel)).toEqual(['pilotlight:link', 'pilotlight:folder']);
    const answer = posted[1]?.ports[0];
    answer?.postMessage(path);
    expect(await chosen).toBe(path);
    answer?.close();
    posted[0]?.ports[0]?.close();
  });
});
