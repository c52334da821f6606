/** `pilotlight …`: the core from the command line. */
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { agentArguments, runAgentProgram, runWorkerProgram, workerArguments } from './own-programs.ts';
import { runCli } from './run.ts';
import { readSecretInput, secretVariables } from './secret-input.ts';
import { createTerminal } from './terminal.ts';

// The agent and the worker are separate programs that handle signals and exit codes themselves.
const forAgent = agentArguments(process.argv.slice(2));
const forWorker = workerArguments(process.argv.slice(2));
if (forAgent) await runAgentProgram(forAgent);
else if (forWorker) await runWorkerProgram(forWorker);
else await run();

async function run(): Promise<void> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // A second Ctrl+C ends it at once.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort(new DOMException('Stopped by the user.', 'AbortError'));
    });
  }
  // A reader that stops early, such as `head`, is not a failure.
  process.stdout.on('error', () => process.exit(0));

  const environment = { ...process.env };
  // No program that this one starts needs them.
  for (const name of Object.values(secretVariables)) delete process.env[name];
  const code = await runCli(process.argv.slice(2), {
    terminal: createTerminal({ out: process.stdout, err: process.stderr, env: process.env }),
    environment,
    signal: interrupted.signal,
    now: () => Date.now(),
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
    // npm runs scripts in the package's folder; INIT_CWD is where the command was typed.
    resolve: (path) => resolve(process.env.INIT_CWD ?? process.cwd(), path),
    readInput: () => text(process.stdin),
    readSecret: (prompt) => readSecretInput(prompt, { input: process.stdin, output: process.stderr }),
  });
  process.exitCode = code;
  // Sockets kept alive for another request would otherwise keep the process running.
  setTimeout(() => process.exit(code), 500).unref();
}
