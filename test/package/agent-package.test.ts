import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { budgets } from '../../build/electron-builder.mjs';
import { repositoryRoot } from '../../build/lib/paths.mjs';
import { searchPath } from '../../build/lib/tools.mjs';
import packageJson from '../../package.json' with { type: 'json' };

const hasStrip = searchPath(['strip'], process.env.PATH ?? '').length > 0;

describe.runIf(process.platform === 'linux')('npm run package -- --agent', () => {
  let work = '';
  let file = '';
  const env = () => ({
    // Nothing of Node's: no PATH, no options.
    PATH: '/nowhere',
    HOME: join(work, 'home'),
    PILOTLIGHT_RUNTIME_DIR: 'none',
  });
  const run = (args: string[]) => spawnSync(file, args, { encoding: 'utf8', cwd: work, env: env() });

  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'pilotlight-agent-file-'));
    mkdirSync(join(work, 'home'));
    const made = spawnSync(process.execPath, ['build/package.mjs', '--agent'], {
      encoding: 'utf8',
      cwd: repositoryRoot,
      env: { ...process.env, PILOTLIGHT_PACKAGE_QUICK: '1' },
    });
    if (made.status !== 0) throw new Error(made.stdout + made.stderr);
    const release = join(repositoryRoot, 'release');
    // Another test empties release/.
    file = join(work, 'pilotlight-agent');
    cpSync(join(release, 'pilotlight-agent'), file);
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.runIf(hasStrip)('is one file within its budget', () => {
    expect(statSync(file).size).toBeLessThanOrEqual(budgets.agent);
  });

  it('answers --version without unpacking anything', () => {
    expect(run(['--version'])).toMatchObject({ status: 0, stdout: `${packageJson.version}\n`, stderr: '' });
    expect(existsSync(join(work, 'home/.cache'))).toBe(false);
  });

  it('is the agent, the worker and the command line', () => {
    expect(run(['--help']).stdout).toContain('--role');
    expect(run(['worker', '--help']).stdout).toContain('worker');
    expect(run(['cli', '--help']).stdout).toContain('keep-awake');
    const unpacked = join(work, 'home/.cache/pilotlight-agent');
    expect(readdirSync(unpacked)).toHaveLength(1);
    expect(statSync(unpacked).mode & 0o077).toBe(0);
  });

  it('knows what is new in it, and asks nobody for updates without an address', () => {
    expect(run(['cli', 'whats-new']).stdout).toContain(`Pilotlight ${packageJson.version}`);
    expect(run(['cli', 'whats-new']).stdout.split('\n').length).toBeGreaterThan(2);
    const checked = run(['cli', 'update', '--check']);
    // In a container it says that before.
    expect(checked).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/UPDATE_NO_ADDRESS|UPDATES_ELSEWHERE/),
    });
    expect(run(['cli', 'update', '--back'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('UPDATE_NOTHING_KEPT'),
    });
    expect(run(['--version']).stdout).toBe(`${packageJson.version}\n`);
  });

  it('installs itself, without a Node', () => {
    const { status, stdout, stderr } = run(['install', '--role', 'power,telemetry', '--print']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const installed = '/usr/local/lib/pilotlight-agent/pilotlight-agent';
    expect(stdout).toContain(`# copy ${file} to ${installed}`);
    expect(stdout).toContain(`ExecStart=${installed} --role power,telemetry`);
    expect(stdout).not.toMatch(/agent\.mjs|bin\/node/);
  });

  it('refuses what the agent refuses, with its exit code', () => {
    expect(run(['--role', 'nonsense'])).toMatchObject({ status: 2 });
    expect(run(['cli', 'stauts']).status).not.toBe(0);
  });

  it('serves its roles', async () => {
    const child = spawn(file, ['--role', 'telemetry', '--port', '0', '--data', join(work, 'data')], {
      env: env(),
      cwd: work,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      const address = await new Promise<string>((found, failed) => {
        let output = '';
        const hear = (chunk: Buffer) => {
          output += chunk.toString('utf8');
          const url = /127\.0\.0\.1:\d+/.exec(output)?.[0];
          if (url !== undefined) found(url);
        };
        child.stdout.on('data', hear);
        child.stderr.on('data', hear);
        child.once('exit', () => failed(new Error(output)));
      });
      const health = await fetch(`http://${address}/health`);
      expect(await health.json()).toMatchObject({ status: 'ok', version: packageJson.version });
    } finally {
      const ended = new Promise((end) => child.once('exit', end));
      child.kill('SIGTERM');
      await ended;
    }
  });

  it('starts itself for the processes of a program: indexes a folder, and finds what is in it', () => {
    const documents = join(work, 'documents');
    mkdirSync(documents);
    writeFileSync(join(documents, 'night.md'), 'The furnace sleeps at night.');
    const cli = (...args: string[]) => run(['cli', ...args, '--data', join(work, 'core')]);
    expect(cli('index', 'add', documents, '--name', 'documents')).toMatchObject({ status: 0 });
    expect(cli('index', 'start')).toMatchObject({ status: 0 });
    expect(cli('search', 'furnace').stdout).toContain('night.md');
  });

  it('runs a program that it is given only if it is one of its own', () => {
    const other = join(work, 'other.mjs');
    writeFileSync(other, 'process.stdout.write("ran")');
    expect(run([other]).stdout).not.toContain('ran');
  });
});
