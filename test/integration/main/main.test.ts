import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { spawn } from '../../fakes/children.ts';

const file = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

describe('the main process with a real core, in plain Node', () => {
  let dataFolder: string;

  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'pilotlight-main-'));
  });

  afterEach(() => {
    rmSync(dataFolder, { recursive: true, force: true });
  });

  async function run(args: readonly string[], imports: readonly string[] = []) {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--import',
        new URL('../../fakes/electron-hooks.mjs', import.meta.url).href,
        ...imports.flatMap((name) => ['--import', new URL(`../../fakes/${name}`, import.meta.url).href]),
        file('electron/main/main.ts'),
        '--gateway-port=off',
        ...args,
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        // An Ollama of the person who runs the tests is none of their business; and the program keeps what was
        // compiled in its own folder only where nobody named another.
        env: { ...process.env, OLLAMA_HOST: '', NODE_COMPILE_CACHE: undefined },
      },
    );
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    const [code] = await once(child, 'close');
    return { code, lines: output.trim().split('\n'), errors };
  }

  it('answers the panel over its port, prints where it is ready, and stops cleanly', async () => {
    const { code, lines, errors } = await run(['--data', dataFolder]);
    expect(errors).toBe('');
    expect(code).toBe(0);
    const answers = JSON.parse(lines.find((line) => line.startsWith('{')) ?? 'null');
    expect(answers.result).toMatchObject({ id: 1, result: { version: packageJson.version } });
    // Secrets go to the system's key store; where there is none, as here, that is said.
    expect(answers.result.result.secrets).toMatchObject({
      kind: 'key-file',
      message: { code: 'SECRETS_WITH_KEY_FILE', params: { noKeyStore: true } },
    });
    expect(answers.error).toMatchObject({ id: 2, error: { code: 'UNKNOWN_METHOD' } });
    expect(answers.frame).toMatchObject({ id: 3, frame: { kind: 'snapshot' } });
    expect(lines.some((line) => /^Pilotlight is ready at http:\/\/127\.0\.0\.1:\d+\//.test(line))).toBe(true);
    // What was compiled is kept for the next start.
    expect(readdirSync(join(dataFolder, 'window/compile-cache'))).not.toEqual([]);
    // A core that stopped takes its endpoint away.
    expect(readdirSync(dataFolder)).toContain('state.sqlite');
    expect(readdirSync(dataFolder)).not.toContain('endpoint.json');
  });

  it('does nothing synchronously before its window has painted', async () => {
    const { code, lines } = await run(['--data', dataFolder], ['sync-calls.mjs']);
    expect(code).toBe(0);
    const line = lines.find((candidate) => candidate.startsWith('synchronous ')) ?? '';
    const { before, after } = JSON.parse(line.slice('synchronous '.length));
    expect(before).toEqual([]);
    // The core, which comes later, does: the calls would have been seen.
    expect(after).toContain('DatabaseSync in electron/host/lock.ts');
    expect(after).toContain('mkdirSync in electron/host/ports.ts');
  });

  it('explains why it cannot start', async () => {
    const { code, errors } = await run(['--data', file('package.json')]);
    expect(code).toBe(1);
    expect(errors).toContain('(DATA_FOLDER_UNUSABLE)');
  });
});
