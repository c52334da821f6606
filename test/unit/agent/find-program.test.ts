import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findRunnerProgram, findWorkerProgram } from '../../../electron/agent/find-program.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pilotlight-find-program-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '');
  return file;
}
const agentAt = (path: string) => pathToFileURL(join(root, path)).href;

it.each([
  ['from source', 'electron/agent/commands.ts', 'electron/workers/runner/runner-worker.ts'],
  ['in a Pilotlight folder', 'dist/agent/agent.mjs', 'dist/workers/runner-worker.mjs'],
  ['alone, with the program beside it', 'bin/agent.mjs', 'bin/runner-worker.mjs'],
])('finds the runner’s program for an agent that runs %s', (_where, agent, program) => {
  expect(findRunnerProgram(null, agentAt(agent))).toBeNull();
  const file = write(program);
  expect(findRunnerProgram(null, agentAt(agent))).toBe(file);
});

it('takes the named program and no other', () => {
  write('bin/runner-worker.mjs');
  const named = join(root, 'elsewhere.mjs');
  expect(findRunnerProgram(named, agentAt('bin/agent.mjs'))).toBeNull();
  write('elsewhere.mjs');
  expect(findRunnerProgram(named, agentAt('bin/agent.mjs'))).toBe(named);
});

it('finds that of this repository', () => {
  const commands = new URL('../../../electron/agent/commands.ts', import.meta.url).href;
  expect(findRunnerProgram(null, commands)).toMatch(/runner-worker\.ts$/);
});

it('finds the worker’s program in the same places', () => {
  const file = write('bin/task-worker.mjs');
  expect(findWorkerProgram(null, agentAt('bin/agent.mjs'))).toBe(file);
  const commands = new URL('../../../electron/agent/commands.ts', import.meta.url).href;
  expect(findWorkerProgram(null, commands)).toMatch(/task-worker\.ts$/);
});
