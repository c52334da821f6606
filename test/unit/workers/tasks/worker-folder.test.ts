import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeWorkerFolder } from '../../../../electron/workers/tasks/command-line/init.ts';
import { readCommand, readSettings } from '../../../../electron/workers/tasks/command-line/options.ts';
import {
  composeFile,
  dockerfile,
  type FolderSettings,
  serviceUnit,
  settingsFile,
  startScript,
} from '../../../../electron/workers/tasks/command-line/templates.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-worker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings: FolderSettings = {
  ...{
    server: 'http://nas:8780',
    name: 'garage box',
    type: 'gpu',
    queues: ['gpu-tasks', 'celery'],
    slots: 2,
  },
  ...{ sharedFolder: '/mnt/pilot light', memoryLimitMb: 2048, drainSeconds: 60, node: null },
};
const has = (program: string) => spawnSync(program, ['--version']).status === 0;
const shellcheck = process.env.SHELLCHECK_PATH ?? 'shellcheck';

async function make(at = 'worker', own: Partial<FolderSettings> = {}) {
  const entry = join(folder, 'program.mjs');
  // Prints what it was started with.
  writeFileSync(
    entry,
    'console.log(JSON.stringify({ args: process.argv.slice(2), env: Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith("PILOTLIGHT_"))) }));\n',
  );
  const path = join(folder, at);
  return makeWorkerFolder(path, { entry, token: 'pilotlight_key_x', settings: { ...settings, ...own } });
}

describe('the folder of a worker', () => {
  it('has all it needs, and a key that only its owner may read', async () => {
    const made = await make();
    expect(made.kept).toEqual([]);
    expect(readdirSync(made.folder).sort()).toEqual(
      [
        ...['.dockerignore', 'Dockerfile', 'README.md', 'compose.yaml', 'pilotlight-worker.service'],
        ...['start.ps1', 'start.sh', 'task-worker.mjs', 'worker.env', 'worker.key'],
      ].sort(),
    );
    if (process.platform === 'win32') return;
    expect(statSync(join(made.folder, 'worker.key')).mode & 0o777).toBe(0o600);
    expect(statSync(join(made.folder, 'start.sh')).mode & 0o777).toBe(0o755);
  });

  it('made again, has the settings and the key that a person has', async () => {
    const { folder: path } = await make();
    writeFileSync(join(path, 'worker.env'), 'PILOTLIGHT_SERVER=http://other:1\n');
    writeFileSync(join(path, 'start.sh'), 'old\n');
    const again = await make();
    expect(again.kept.sort()).toEqual(['worker.env', 'worker.key']);
    expect(readFileSync(join(path, 'worker.env'), 'utf8')).toContain('other');
    expect(readFileSync(join(path, 'start.sh'), 'utf8')).toBe(startScript);
  });

  it('is not made of a program that is not built', async () => {
    const failing = makeWorkerFolder(join(folder, 'x'), { entry: 'task-worker.ts', token: 'x', settings });
    await expect(failing).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['a"b', "a'b", 'a$b', 'a`b', 'a\\b', 'a\nb', 'a%b'])('refuses the value %j', async (name) => {
    await expect(make('worker', { name })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(readdirSync(folder)).toEqual(['program.mjs']);
  });

  it.skipIf(process.platform === 'win32')(
    'starts with its settings, from anywhere, with a space in its path',
    async () => {
      mkdirSync(join(folder, 'my workers'));
      const { folder: path } = await make('my workers/one');
      const { PILOTLIGHT_SERVER: _, ...environment } = process.env;
      const run = spawnSync(join(path, 'start.sh'), ['check', '--json'], { cwd: '/', env: environment });
      expect(run.stderr.toString()).toBe('');
      const { args, env } = JSON.parse(run.stdout.toString());
      expect(args).toEqual(['check', '--json']);
      expect(env).toMatchObject({
        ...{ PILOTLIGHT_SERVER: 'http://nas:8780', PILOTLIGHT_WORKER_NAME: 'garage box' },
        PILOTLIGHT_WORKER_SHARED_FOLDER: '/mnt/pilot light',
        PILOTLIGHT_TOKEN_FILE: join(path, 'worker.key'),
      });
      // The program reads the same from them.
      const read = await readSettings([], {
        ...{ environment: env, hostname: 'here', readInput: async () => '', warn: () => {} },
        readFile: async (name) => readFileSync(name, 'utf8'),
      });
      expect(read).toEqual({
        ...{
          server: 'http://nas:8780',
          token: 'pilotlight_key_x',
          name: 'garage box',
          type: 'gpu',
          slots: 2,
        },
        ...{ queues: ['gpu-tasks', 'celery'], sharedFolder: '/mnt/pilot light', memoryLimitMb: 2048 },
        drainMs: 60_000,
      });
    },
  );

  it.skipIf(process.platform === 'win32')('says which Node is missing', async () => {
    const { folder: path } = await make();
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'node'), '#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0\nexit 1\n', {
      mode: 0o755,
    });
    const run = spawnSync(join(path, 'start.sh'), { env: { PATH: `${tools}:/usr/bin:/bin` } });
    expect(run.status).toBe(1);
    expect(run.stderr.toString()).toContain('Node v20.1.0 is too old');
    const elsewhere = await make('elsewhere', { node: '/no/such/node' });
    const missing = spawnSync(join(elsewhere.folder, 'start.sh'), {
      env: { PATH: `${tools}:/usr/bin:/bin` },
    });
    expect(missing.stderr.toString()).toContain('Node v20.1.0 is too old');
    const here = await make('here', { node: process.execPath });
    const found = spawnSync(join(here.folder, 'start.sh'), { env: { PATH: `${tools}:/usr/bin:/bin` } });
    expect(found.stderr.toString()).toBe('');
    expect(found.status).toBe(0);
  });

  it('leaves out what is found out on its own computer', () => {
    const text = settingsFile({ ...settings, name: null, type: null, queues: null, sharedFolder: null });
    const set = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(set.map((line) => line.split('=')[0])).toEqual([
      ...['PILOTLIGHT_SERVER', 'PILOTLIGHT_WORKER_CONCURRENCY', 'PILOTLIGHT_WORKER_MEMORY'],
      'PILOTLIGHT_WORKER_DRAIN',
    ]);
  });
});

describe('its files', () => {
  it.skipIf(!has(shellcheck))('start.sh satisfies shellcheck', () => {
    const path = join(folder, 'start.sh');
    writeFileSync(path, startScript);
    const { status, stdout } = spawnSync(shellcheck, ['--severity=style', path]);
    expect([status, stdout.toString()]).toEqual([0, '']);
  });

  it('pilotlight-worker.service has sections of single assignments', () => {
    const sections = readUnit(serviceUnit);
    expect(Object.keys(sections)).toEqual(['Unit', 'Service', 'Install']);
    expect(sections.Service?.ExecStart).toEqual(['/usr/bin/env node /opt/pilotlight-worker/task-worker.mjs']);
    expect(sections.Service?.EnvironmentFile).toEqual(['/opt/pilotlight-worker/worker.env']);
    expect(sections.Service?.LoadCredential).toEqual(['worker.key:/opt/pilotlight-worker/worker.key']);
    expect(sections.Install?.WantedBy).toEqual(['multi-user.target']);
  });

  it.skipIf(!has('systemd-analyze'))('pilotlight-worker.service satisfies systemd', () => {
    const path = join(folder, 'pilotlight-worker.service');
    writeFileSync(path, serviceUnit);
    const { stderr, stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', path]);
    expect(`${stdout}${stderr}`.split('\n').filter((line) => line.includes('pilotlight-worker'))).toEqual([]);
  });

  it.each([null, '/mnt/pilot light'])(
    'compose.yaml has a worker for each kind of machine, with %j',
    (sharedFolder) => {
      const compose = readYaml(composeFile({ sharedFolder }));
      expect(Object.keys(compose)).toEqual(['x-worker', 'services', 'secrets']);
      const { cpu, nvidia } = compose.services as Record<string, Record<string, unknown>>;
      const worker = compose['x-worker'] as Record<string, unknown>;
      expect(worker.env_file).toBe('worker.env');
      expect(worker.secrets).toEqual(Object.keys(compose.secrets as object));
      expect(worker.volumes).toEqual(
        sharedFolder === null ? undefined : ['/mnt/pilot light:/mnt/pilot light:ro'],
      );
      expect(cpu).toMatchObject({ '<<': '*worker', profiles: ['cpu'] });
      expect(nvidia).toMatchObject({ '<<': '*worker', profiles: ['nvidia'] });
      expect(JSON.stringify(nvidia?.deploy)).toContain('"driver":"nvidia"');
      expect(compose.secrets).toEqual({ worker_key: { file: './worker.key' } });
    },
  );

  it('Dockerfile copies the program alone and reads the secret of the compose file', () => {
    expect(dockerfile.match(/^COPY .*$/gm)).toEqual(['COPY task-worker.mjs ./']);
    expect(dockerfile).toContain('PILOTLIGHT_TOKEN_FILE=/run/secrets/worker_key');
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});

describe('the command', () => {
  it('init names its folder', () => {
    expect(readCommand(['init', 'out', '--json'])).toEqual({ command: 'init', json: true, folder: 'out' });
    expect(readCommand(['check'])).toEqual({ command: 'check', json: false, folder: null });
    expect(() => readCommand(['init'])).toThrow(/Name the folder/);
    expect(() => readCommand(['init', 'a', 'b'])).toThrow(/"b" is not expected/);
    expect(() => readCommand(['check', 'a'])).toThrow(/"a" is not expected/);
  });

  it('an option counts before a variable, and a key before a file with one', async () => {
    const read = (args: string[], environment: Record<string, string>) =>
      readSettings(args, {
        ...{ environment, hostname: 'here', readInput: async () => '', warn: () => {} },
        readFile: async (name) => `key of ${name}`.replaceAll(' ', '-'),
      });
    const environment = {
      ...{ PILOTLIGHT_SERVER: 'http://nas:1', PILOTLIGHT_TOKEN: 'key-1', PILOTLIGHT_TOKEN_FILE: 'file' },
      ...{ PILOTLIGHT_WORKER_TYPE: 'gpu', PILOTLIGHT_WORKER_DRAIN: '5', PILOTLIGHT_WORKER_QUEUES: '' },
    };
    expect(await read([], environment)).toMatchObject({
      token: 'key-1',
      type: 'gpu',
      drainMs: 5000,
      queues: null,
    });
    expect(await read(['--type', 'cpu', '--token-file', 'own'], environment)).toMatchObject({
      ...{ token: 'key-of-own', type: 'cpu' },
    });
    await expect(read([], { ...environment, PILOTLIGHT_WORKER_TYPE: 'tpu' })).rejects.toThrow(/--type/);
  });
});

function readUnit(text: string): Record<string, Record<string, string[]>> {
  const sections: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> = {};
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const title = /^\[(\w+)\]$/.exec(line)?.[1];
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (title !== undefined) {
      section = {};
      sections[title] = section;
    } else if (name !== undefined && value !== undefined) section[name] = [...(section[name] ?? []), value];
    else throw new Error(`Not a line of a unit: ${line}`);
  }
  return sections;
}

/** Maps, lists of texts and of maps, plain and double-quoted texts: all that the file may have. */
function readYaml(text: string): Record<string, unknown> {
  const lines = text.split('\n').filter((line) => !/^\s*(#.*)?$/.test(line));
  let at = 0;
  const indentOf = (line: string) => line.length - line.trimStart().length;
  const scalar = (value: string): unknown => (value.startsWith('"') ? JSON.parse(value) : value);

  function block(indent: number): unknown {
    return lines[at]?.trimStart().startsWith('- ') ? list(indent) : map(indent);
  }
  function list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = lines[at]; line !== undefined && indentOf(line) === indent; line = lines[at]) {
      const item = /^- (.*)$/.exec(line.trim())?.[1];
      if (item === undefined) throw new Error(`Not an item: ${line}`);
      if (/^\w+:( |$)/.test(item)) {
        lines[at] = `${' '.repeat(indent + 2)}${item}`;
        items.push(map(indent + 2));
      } else {
        items.push(scalar(item));
        at += 1;
      }
    }
    return items;
  }
  function map(indent: number): Record<string, unknown> {
    const entries: Record<string, unknown> = {};
    for (let line = lines[at]; line !== undefined && indentOf(line) === indent; line = lines[at]) {
      const [, key, value] = /^([\w<-]+):(?: (.*))?$/.exec(line.trim()) ?? [];
      if (key === undefined) throw new Error(`Not an entry: ${line}`);
      if (Object.hasOwn(entries, key)) throw new Error(`Twice: ${line}`);
      at += 1;
      const next = lines[at];
      const isNested = next !== undefined && indentOf(next) > indent;
      if (value !== undefined && !value.startsWith('&')) entries[key] = scalar(value);
      else if (isNested) entries[key] = block(indentOf(next));
      else throw new Error(`Nothing below: ${line}`);
    }
    const rest = lines[at];
    if (rest !== undefined && indentOf(rest) > indent) throw new Error(`Indented too far: ${rest}`);
    return entries;
  }
  return map(0);
}
