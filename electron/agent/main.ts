/** `pilotlight agent …`: a small process on a machine of the fleet. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { printable } from '../../shared/printable.ts';
import type { CommandContext } from './command-context.ts';
import { commands, takesName, usage } from './commands.ts';
import { parseFlags, secretVariables } from './config.ts';
import { AgentError, toAgentError } from './errors.ts';
import { isStop } from './update/guard-messages.ts';

// Names come from panels, from people and from the machine's tools.
const log = (line: string) => process.stderr.write(`${printable(line)}\n`);
const print = (line: string) => process.stdout.write(`${printable(line)}\n`);
// A closed output pipe is no reason to stop.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

/** The environment, of which the secrets are not passed on to the programs that the agent starts. */
function takeEnvironment() {
  const environment = { ...process.env };
  for (const name of secretVariables) delete process.env[name];
  return environment;
}

async function run(): Promise<number> {
  if (process.argv.length === 3 && process.argv[2] === '--version') {
    print(packageJson.version);
    return 0;
  }
  const { values, positionals } = parseFlags(process.argv.slice(2));
  const [name = 'run', ...rest] = positionals;
  const command = commands[name];
  if (values.help === true || name === 'help') {
    for (const line of usage) print(line);
    return 0;
  }
  if (command === undefined || rest.length > (takesName.includes(name) ? 1 : 0)) {
    throw new AgentError('BAD_CONFIG', {
      message: `"${command === undefined ? name : rest.at(-1)}" is not a valid argument here.`,
      next: 'Run it with --help for usage.',
    });
  }
  const context: CommandContext = {
    names: rest,
    args: process.argv.slice(2),
    flags: values,
    environment: takeEnvironment(),
    home: homedir(),
    version: packageJson.version,
    updateKeys: packageJson.updates.keys,
    log,
    print,
    // npm runs scripts in the package folder; INIT_CWD is the person's working directory.
    resolve: (path) => resolve(process.env.INIT_CWD ?? process.cwd(), path),
    stopAsked: () =>
      new Promise((stop) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop());
        process.on('message', (message) => isStop(message) && stop());
        // Without its guard it would hold the port against the next one.
        process.once('disconnect', () => stop());
      }),
  };
  await command(context);
  return Number(process.exitCode ?? 0);
}

run().then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    const error = toAgentError(thrown);
    if (error.code === 'INTERNAL') {
      const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      for (const line of stack.split('\n')) log(line);
    }
    log(`${error.code}: ${error.message}`);
    // It may have several lines, such as commands.
    for (const line of `  ${error.next}`.split('\n')) log(line);
    process.exit(error.code === 'BAD_CONFIG' ? 2 : 1);
  },
);
