/** The agent as it is copied to other machines. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleNode } from '../../../build/lib/bundle-node.mjs';
import { agentMostBytes, nodeEntries } from '../../../build/lib/entries.mjs';
import { spawn } from '../../fakes/children.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const entries = nodeEntries.filter(({ output }) => output === 'agent/agent.mjs');
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pilotlight-agent-bundle-'));
  await bundleNode(root, folder, entries);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const report = `process.on('exit', () => process.stderr.write(process.moduleLoadList.join('\\n')))`;

/** The built-in modules that a program has loaded when it ends. */
async function modulesOf(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['--import', `data:text/javascript,${report}`, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [modules] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return modules;
}

it('does not load the fetch of Node, which takes megabytes', async () => {
  const modules = await modulesOf(join(folder, 'agent/agent.mjs'), '--help');
  expect(modules).toContain('NativeModule http\n');
  expect(modules).not.toContain('undici');
  expect(await modulesOf('--input-type=module', '-e', "import 'node:http'")).toContain('undici');
});

it('is small, and has the schemas of zod/mini only', () => {
  const program = join(folder, 'agent/agent.mjs');
  expect(statSync(program).size).toBeLessThanOrEqual(agentMostBytes);
  const { sources } = JSON.parse(readFileSync(`${program}.map`, 'utf8')) as { sources: string[] };
  expect(sources.some((source) => source.includes('zod/v4/mini/'))).toBe(true);
  expect(sources.filter((source) => /zod\/v4\/(?:classic|locales)\/|to-json-schema/.test(source))).toEqual(
    [],
  );
});

it('names its functions in the stack of an error', async () => {
  const text = readFileSync(join(folder, 'agent/agent.mjs'), 'utf8');
  for (const name of ['readConfig', 'isRunning', 'watchRunner'])
    expect(text).toMatch(new RegExp(`\\b${name}\\b`));
});
