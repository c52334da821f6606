/** The processes of a guard: the agent that it starts, and the channel between the two. */
import { spawn } from 'node:child_process';
import type { CommandContext } from '../command-context.ts';
import type { GuardedChild } from './guard.ts';
import { type FromGuard, GUARDED, readToGuard, type ToGuard } from './guard-messages.ts';
import type { SentProgram } from './record.ts';

/** Whether a guard started this process. */
export const isGuarded = ({ environment }: Pick<CommandContext, 'environment'>): boolean =>
  environment[GUARDED] !== undefined && process.send !== undefined;

/** `installed`: the version of the guard. */
export function guardChannel({ environment }: Pick<CommandContext, 'environment'>) {
  return {
    installed: environment[GUARDED],
    say: (message: ToGuard) => void process.send?.(message),
  };
}

/** Its output is that of this process; it gets the environment with the secrets that this process has taken out. */
export function startGuarded(
  path: string,
  options: { args: readonly string[]; environment: CommandContext['environment']; installed: string },
): GuardedChild {
  const child = spawn(path, [...options.args], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...options.environment, [GUARDED]: options.installed },
  });
  const listening: (() => void)[] = [];
  const starting: ((program: SentProgram) => void)[] = [];
  child.on('message', (message) => {
    const said = readToGuard(message);
    if (said?.say === 'listening') for (const listener of listening) listener();
    if (said?.say === 'start') for (const listener of starting) listener(said.program);
  });
  const stop: FromGuard = { say: 'stop' };
  return {
    onListening: (listener) => void listening.push(listener),
    onStart: (listener) => void starting.push(listener),
    stop: () => {
      // One that has ended, or has closed its channel, needs no message.
      if (child.connected) child.send(stop, () => {});
    },
    kill: () => void child.kill('SIGKILL'),
    ended: new Promise((done) => {
      child.once('error', () => done(1));
      child.once('exit', (code) => done(code));
    }),
  };
}
