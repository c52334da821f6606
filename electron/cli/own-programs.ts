/**
 * `pilotlight agent …`, `pilotlight cancel` and `pilotlight worker …`: programs with a file of their own, which are run in
 * this process.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

/** The arguments for the agent's program; null if the command is not for it. `cancel` without a node is for this machine. */
export function agentArguments(args: readonly string[]): string[] | null {
  const [command, ...rest] = args;
  if (command === 'agent') return rest;
  if (command !== 'cancel') return null;
  const { positionals } = parseArgs({
    args: rest,
    strict: false,
    allowPositionals: true,
    options: { data: { type: 'string' }, config: { type: 'string' } },
  });
  return positionals.length === 0 ? ['cancel', ...rest] : null;
}

export async function runAgentProgram(args: readonly string[]): Promise<void> {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  // In the build it lies beside this file; it is the same file that runs on its own on other machines.
  await import(pathToFileURL(join(import.meta.dirname, '..', 'agent', 'agent.mjs')).href);
}

/** The arguments for the worker's program; null if the command is not for it. */
export function workerArguments([command, ...rest]: readonly string[]): string[] | null {
  return command === 'worker' ? rest : null;
}

export async function runWorkerProgram(args: readonly string[]): Promise<void> {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  await import(pathToFileURL(join(import.meta.dirname, '..', 'workers', 'task-worker.mjs')).href);
}
