/** The agent as it is copied to other machines. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleNode } from '../../../build/lib/bundle-node.mjs';
import { nodeEntries } from '../../../build/lib/entries.mjs';
import { spawn } from '../../fakes/children.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const entries = nodeEntries.filter(({ alone }) => alone);
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
