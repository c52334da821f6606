/** Commands in the guest as root, without a login session: by QEMU's guest agent over a virtual serial line. */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

export interface GuestResult {
  code: number;
  stdout: string;
  stderr: string;
}

interface ExecStatus {
  exited: boolean;
  exitcode?: number;
  signal?: number;
  'out-data'?: string;
  'err-data'?: string;
}

/** The guest agent has no event for the end of a command. */
const POLL_MS = 50;
/** It is asked again where it was just starting, and lost what was asked. */
const SYNC_MS = 2000;

const text = (base64 = '') => Buffer.from(base64, 'base64').toString();

export async function runInGuest(
  path: string,
  script: string,
  { input, signal }: { input?: string | undefined; signal: AbortSignal },
): Promise<GuestResult> {
  const socket = connect(path);
  const lines: string[] = [];
  let wake = () => {};
  socket.on('error', () => {});
  // The guest has ended, or the line to it.
  const closed = new AbortController();
  socket.on('close', () => closed.abort(new Error('The guest has ended.')));
  const limit = AbortSignal.any([signal, closed.signal]);
  const reader = createInterface({ input: socket });
  // It repeats what the socket reports.
  reader.on('error', () => {});
  reader.on('line', (line) => {
    // A byte of FF marks the answer to a sync, after whatever was left of an earlier connection.
    lines.push(line.slice(line.lastIndexOf('\uFFFD') + 1));
    wake();
  });

  async function next(deadline: AbortSignal): Promise<string> {
    for (;;) {
      const line = lines.shift();
      if (line !== undefined) return line;
      deadline.throwIfAborted();
      const arrived = Promise.withResolvers<void>();
      wake = arrived.resolve;
      deadline.addEventListener('abort', () => arrived.resolve(), { once: true });
      await arrived.promise;
    }
  }

  async function ask<Answer>(command: string, args: object): Promise<Answer> {
    socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const answer = JSON.parse(await next(limit)) as { return?: Answer; error?: { desc: string } };
    if (answer.error) throw new Error(`${command}: ${answer.error.desc}`);
    return answer.return as Answer;
  }

  async function sync(): Promise<void> {
    const id = Math.floor(Math.random() * 1e9);
    for (;;) {
      socket.write(
        Buffer.concat([
          Buffer.from([0xff]),
          Buffer.from(`${JSON.stringify({ execute: 'guest-sync-delimited', arguments: { id } })}\n`),
        ]),
      );
      const soon = AbortSignal.any([limit, AbortSignal.timeout(SYNC_MS)]);
      try {
        for (;;) if (isSync(await next(soon), id)) return;
      } catch (error) {
        if (limit.aborted) throw error;
      }
    }
  }

  try {
    await sync();
    const { pid } = await ask<{ pid: number }>('guest-exec', {
      path: '/bin/sh',
      arg: ['-c', script],
      'capture-output': true,
      ...(input === undefined ? {} : { 'input-data': Buffer.from(input).toString('base64') }),
    });
    for (;;) {
      const status = await ask<ExecStatus>('guest-exec-status', { pid });
      if (status.exited) {
        return {
          code: status.exitcode ?? 128 + (status.signal ?? 0),
          stdout: text(status['out-data']),
          stderr: text(status['err-data']),
        };
      }
      await pause(POLL_MS, undefined, { signal: limit });
    }
  } finally {
    socket.destroy();
  }
}

function isSync(line: string, id: number): boolean {
  try {
    return (JSON.parse(line) as { return?: unknown }).return === id;
  } catch {
    return false;
  }
}
