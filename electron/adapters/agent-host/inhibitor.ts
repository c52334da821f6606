/**
 * Processes that keep the machine awake. Each reads from us or watches us, so it ends with us, even after a SIGKILL.
 * systemd 252 refuses a service's user a lock of two kinds at once, so each kind has its own process.
 */

import { spawn } from 'node:child_process';
import { settledWithin } from '../../../shared/settled-within.ts';
import { powershell } from '../hardware/powershell.ts';
import type { Clock, HostPlatform, Inhibitor, InhibitorLock, Timer } from './types.ts';

/** ES_CONTINUOUS | ES_SYSTEM_REQUIRED, for as long as this process lives. */
const WINDOWS_SCRIPT = `
$code = '[DllImport("kernel32.dll")] public static extern uint SetThreadExecutionState(uint flags);'
$power = Add-Type -MemberDefinition $code -Name Power -Namespace Pilotlight -PassThru
if ($power::SetThreadExecutionState(2147483649) -eq 0) { exit 1 }
[Console]::Out.WriteLine('held')
[void][Console]::In.ReadToEnd()`;

export interface LockCommand {
  what: InhibitorLock['what'];
  command: readonly string[];
  /** `prints`: writes to standard output once it has the lock. `runs`: has the lock while it runs. */
  proof: 'prints' | 'runs';
}

const linuxLock = (what: 'sleep' | 'idle'): LockCommand => ({
  what,
  command: [
    'systemd-inhibit',
    `--what=${what}`,
    '--who=Pilotlight',
    '--why=A lease keeps this machine awake',
    '--mode=block',
    // Only runs once it has the lock.
    'sh',
    '-c',
    'echo held; exec cat',
  ],
  proof: 'prints',
});

export function lockCommands(platform: HostPlatform, pid: number): LockCommand[] {
  switch (platform) {
    case 'linux':
      return [linuxLock('sleep'), linuxLock('idle')];
    case 'darwin':
      return [{ what: 'all', command: ['caffeinate', '-i', '-s', '-w', String(pid)], proof: 'runs' }];
    case 'win32':
      return [
        {
          what: 'all',
          command: powershell(WINDOWS_SCRIPT),
          proof: 'prints',
        },
      ];
  }
}

const RETRY_MS = 30_000;
/** Taking a lock needs milliseconds, but PowerShell compiles first. */
const TAKEN_MS = 15_000;
const END_MS = 2000;

export interface InhibitorOptions {
  clock: Clock;
  locks: readonly LockCommand[];
  /** Called when what is held, or why it is not, has changed. */
  changed?(): void;
}

export function createInhibitor({ clock, locks, changed = () => {} }: InhibitorOptions): Inhibitor {
  const parts = locks.map((lock) => createLock(clock, lock, changed));
  return {
    hold() {
      for (const part of parts) part.hold();
    },
    async release() {
      await Promise.all(parts.map((part) => part.release()));
    },
    state() {
      const states = parts.map((part) => part.state());
      const problems = [...new Set(states.flatMap(({ problem }) => problem ?? []))];
      return {
        held: states.length > 0 && states.every(({ held }) => held),
        problem: problems.length === 0 ? null : problems.join('; '),
        locks: states,
      };
    },
  };
}

function createLock(clock: Clock, { what, command, proof }: LockCommand, changed: () => void) {
  const [program = '', ...args] = command;
  let wanted = false;
  let held = false;
  let problem: string | null = null;
  let running: { end(): Promise<void> } | null = null;
  /** The process released last: its lock applies until it has ended. */
  let ending: Promise<void> = Promise.resolve();
  let retry: Timer | null = null;

  function note(nowHeld: boolean, nowProblem: string | null): void {
    const same = held === nowHeld && problem === nowProblem;
    held = nowHeld;
    problem = nowProblem;
    if (!same) changed();
  }

  function start(): void {
    retry = null;
    const child = spawn(program, args, {
      stdio: ['pipe', proof === 'prints' ? 'pipe' : 'ignore', 'pipe'],
      windowsHide: true,
    });
    let detail = '';
    /** It has ended or is about to; its output is ignored. */
    let over = false;
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    const late = clock.timer(TAKEN_MS, () => {
      detail = `did not take the lock within ${TAKEN_MS / 1000} s`;
      child.kill('SIGKILL');
      lost(`${program} ${detail}`);
    });
    const taken = () => {
      if (over) return;
      late.cancel();
      note(true, null);
    };
    const lost = (reason: string) => {
      if (over) return;
      over = true;
      late.cancel();
      running = null;
      note(false, reason);
      if (wanted) retry = clock.timer(RETRY_MS, start);
    };
    child.stdin?.on('error', () => {});
    child.stderr?.on('data', (chunk: Buffer) => {
      detail = `${detail}${chunk.toString()}`.slice(-300);
    });
    if (proof === 'prints') child.stdout?.on('data', taken);
    else child.once('spawn', taken);
    child.once('error', (error) => lost(`${program}: ${error.message}`));
    child.once('close', (code, signal) =>
      lost(`${program} ended with ${signal ?? `code ${code}`}${detail.trim() && `: ${detail.trim()}`}`),
    );
    running = {
      async end() {
        over = true;
        late.cancel();
        child.stdin?.destroy();
        child.kill();
        if (!(await settledWithin(clock, END_MS, closed))) child.kill('SIGKILL');
      },
    };
  }

  return {
    hold() {
      if (wanted) return;
      wanted = true;
      start();
    },
    async release() {
      wanted = false;
      retry?.cancel();
      retry = null;
      if (running !== null) ending = running.end();
      running = null;
      note(false, null);
      await ending;
    },
    state: (): InhibitorLock => ({ what, held, problem }),
  };
}
