/** Names of files, models, machines and programs steer no terminal, whichever program prints them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../electron/simulator/catalogue.ts';
import { resolveLoadOptions } from '../../../electron/simulator/options.ts';
import { spawn } from '../../fakes/children.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { machineSetups, notes, startRealWorld, writeFiles } from '../../fakes/indexing-world.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-names-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const ESC = String.fromCharCode(27);
/** Colours, a title, a second line, a reversed ending, a control of eight bits. */
const HOSTILE = `red${ESC}[31m${ESC}]0;x\u0007\r\nlines \u202etxt\u2028\u009b2J`;
const SHOWN = 'red\\x1b[31m\\x1b]0;x\\x07\\r\\nlines \\u202etxt\\u2028\\u009b2J';
const HARMFUL = /[^\P{Cc}\n]|[\u2028-\u202e\u2066-\u2069]/u;

describe('a file', () => {
  // Windows has no such names.
  it.skipIf(process.platform === 'win32')('is found, fails and is listed safely', async () => {
    await using world = await startRealWorld(notes(1), []);
    const cli = (...args: string[]) => runCli('cli', [...args, '--data', world.dataFolder]);
    const folder = join(root, `in ${HOSTILE}`);
    writeFiles(folder, {
      [`${HOSTILE}.md`]: `# Echidna ${ESC}[7m\n\nabout echidna ${ESC}]2;title\u0007 spines\n`,
      'two\nlines.md': 'about platypus\n',
      'a\u202etxt.md': 'about koala\n',
    });
    // UTF-32, which cannot be read.
    writeFileSync(join(folder, `damaged ${HOSTILE}.txt`), Buffer.from('fffe000061000000', 'hex'));

    const added = await cli('index', 'add', folder);
    const started = await cli('index', 'start', '--wait');
    const [echidna, platypus, koala, sources, refused, found] = await Promise.all([
      cli('search', 'echidna'),
      cli('search', 'platypus'),
      cli('search', 'koala'),
      cli('index', 'sources'),
      cli('index', 'remove', HOSTILE),
      cli('search', 'koala', '--json'),
    ]);
    const runs = [added, started, echidna, platypus, koala, sources, refused, found];
    for (const run of runs) expect(run.out + run.err).not.toMatch(HARMFUL);
    expect(started.out).toContain(`damaged ${SHOWN}.txt: `);
    expect(echidna.out).toContain(`${SHOWN}.md`);
    expect(platypus.out).toContain('two\\nlines.md');
    expect(koala.out).toContain('a\\u202etxt.md');
    expect(refused.err).toContain(SHOWN);
    expect(jsonOf(found)).toMatchObject({ hits: [{ path: 'a\u202etxt.md' }, {}] });
  });
});

describe('a machine', () => {
  it('and its models are listed under names that are safe', async () => {
    const model = { ...CATALOGUE.llama32, name: `evil${HOSTILE}:latest` };
    const setups = machineSetups();
    const [tower] = setups;
    if (tower?.ollama) tower.ollama = { ...tower.ollama, models: [model] };
    await using world = await startRealWorld(notes(1), setups);
    const cli = (...args: string[]) => runCli('cli', [...args, '--data', world.dataFolder]);
    const { fleet } = world.host.core.services;
    // Its own API would take no such name.
    const { scheduler } = world.fleet.control.machine('tower').ollama;
    scheduler.preload(model, resolveLoadOptions({}, model, scheduler.defaultContext()), 600_000);
    const id = world.nodes.tower ?? '';
    await fleet.waitFor(id, (node) => node.loaded.length > 0, AbortSignal.timeout(50_000));
    const named = await fleet.update(id, { name: HOSTILE });
    expect(named.name).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);

    const runs = await Promise.all([
      cli('nodes', 'list'),
      cli('status'),
      cli('vram'),
      cli('force-gpu', model.name),
      cli('wake', HOSTILE),
    ]);
    for (const run of runs) expect(run.out + run.err).not.toMatch(HARMFUL);
    for (const run of runs.slice(0, 4)) expect(run.out + run.err).toContain(`evil${SHOWN}:latest`);
  });
});

describe('a program', () => {
  const programs: [string, string, string[]][] = [
    ['the command line', 'cli/cli.ts', [HOSTILE]],
    ['the command line, its options', 'cli/cli.ts', ['status', `--${HOSTILE}`]],
    ['the command line, in JSON', 'cli/cli.ts', [HOSTILE, '--json']],
    ['the demo', 'cli/demo.ts', [HOSTILE]],
    ['the agent', 'agent/main.ts', [HOSTILE]],
    ['the agent, its options', 'agent/main.ts', ['run', '--config', HOSTILE]],
    ['the panel without a window', 'headless/headless.ts', [`--${HOSTILE}`]],
    ['the panel without a window, its port', 'headless/headless.ts', ['--port', HOSTILE]],
    ['the simulator', 'simulator/main.ts', [`--${HOSTILE}`]],
  ];

  it.each(programs)('%s', async (_, path, args) => {
    const entry = fileURLToPath(new URL(`../../../electron/${path}`, import.meta.url));
    const { code, text } = await run([entry, ...args]);
    expect(code).toBeGreaterThan(0);
    expect(text).toContain('red\\');
    expect(text).not.toMatch(HARMFUL);
  });

  it('writes lines of its log that are safe and keep their value', async () => {
    const log = fileURLToPath(new URL('../../../electron/adapters/system.ts', import.meta.url));
    const script = `
      import { createLog } from ${JSON.stringify(log)};
      const text = ${JSON.stringify(HOSTILE)};
      createLog({ level: 'info' }).info(text, { text, error: new Error(text) });`;
    const { code, text } = await run(['--input-type=module', '-e', script]);
    expect(code).toBe(0);
    expect(text).not.toMatch(HARMFUL);
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(text)).toMatchObject({ msg: HOSTILE, text: HOSTILE });
  });
});

function run(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', PILOTLIGHT_AGENT_DATA: join(root, 'agent') },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, text })));
}
