/** People who come to the guest by ssh, with a key that is made for this run. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '../../fakes/children.ts';
import { within } from './deadline.ts';
import { ports } from './guest.ts';

export interface SshSession {
  /** Resolves with what the session has shown, once it fits. */
  until(fits: (shown: string) => boolean, what: string): Promise<string>;
  /** Ends the connection. */
  end(): Promise<void>;
}

export interface Ssh {
  publicKey: string;
  /** A session that lasts: a shell on a terminal, or a command without one. */
  open(user: string, kind: 'terminal' | 'command'): Promise<SshSession>;
  /** Runs a command to its end; its code and all that it printed. */
  run(
    user: string,
    command: string,
    options?: { terminal: boolean },
  ): Promise<{ code: number; output: string }>;
  endAll(): Promise<void>;
}

export function createSsh(folder: string): Ssh {
  const key = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const open = new Set<SshSession>();
  const args = (user: string, terminal: boolean) => [
    ...['-F', 'none', '-i', key, '-p', String(ports.ssh), '-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'ConnectTimeout=60'],
    ...[terminal ? '-tt' : '-T', `${user}@127.0.0.1`],
  ];

  return {
    publicKey: readFileSync(`${key}.pub`, 'utf8'),
    async open(user, kind) {
      const command = kind === 'command' ? ['echo here; exec sleep infinity'] : [];
      const child = spawn('ssh', [...args(user, kind === 'terminal'), ...command]);
      let output = '';
      const listeners = new Set<() => void>();
      const changed = () => {
        for (const listener of listeners) listener();
      };
      const read = (chunk: Buffer) => {
        output += chunk.toString();
        changed();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.stdin.on('error', () => {});
      let isOver = false;
      const ended = new Promise<void>((resolve) => {
        child.once('close', () => {
          isOver = true;
          changed();
          resolve();
        });
      });
      const session: SshSession = {
        async until(fits, what) {
          const found = Promise.withResolvers<string>();
          const check = () => {
            if (fits(output)) found.resolve(output);
            else if (isOver) found.reject(new Error(`ssh ended: ${output}`));
          };
          listeners.add(check);
          check();
          try {
            return await within(found.promise, what);
          } finally {
            listeners.delete(check);
          }
        },
        async end() {
          open.delete(session);
          child.kill();
          await ended;
        },
      };
      open.add(session);
      const shows = kind === 'command' ? /here/ : /\$ /;
      await session.until((shown) => shows.test(shown), `a session of ${user} by ssh`);
      return session;
    },
    async run(user, command, { terminal } = { terminal: false }) {
      const child = spawn('ssh', [...args(user, terminal), command], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      const code = await within(
        new Promise<number>((resolve) => child.once('close', (ended) => resolve(ended ?? 255))),
        `the end of "${command}"`,
      );
      return { code, output };
    },
    async endAll() {
      await Promise.all([...open].map((session) => session.end()));
    },
  };
}
