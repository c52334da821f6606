/** `pilotlight …`: the core from the command line. */
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { agentArguments, runAgentProgram } from './agent-program.ts';
import { runCli } from './run.ts';
import { createTerminal } from './terminal.ts';

// The agent is a program of its own, which takes signals and exit codes into its own hands.
const forAgent = agentArguments(process.argv.slice(2));
if (forAgent) await runAgentProgram(forAgent);
else await run();

async function run(): Promise<void> {
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      // The second time means it.
      if (interrupted.signal.aborted) process.exit(130);
      interrupted.abort(new DOMException('Stopped by the person.', 'AbortError'));
    });
  }
  // A reader that has seen enough, such as `head`, is no failure.
  process.stdout.on('error', () => process.exit(0));

  const code = await runCli(process.argv.slice(2), {
    terminal: createTerminal({ out: process.stdout, err: process.stderr, env: process.env }),
    environment: process.env,
    signal: interrupted.signal,
    now: () => Date.now(),
    sleep: (ms, signal) => wait(ms, undefined, { signal }),
    // npm runs its scripts in the folder of the package; INIT_CWD is where the person stands.
    resolve: (path) => resolve(process.env.INIT_CWD ?? process.cwd(), path),
  });
  process.exitCode = code;
  // Sockets that are kept alive for another request would keep the process.
  setTimeout(() => process.exit(code), 500).unref();
}
