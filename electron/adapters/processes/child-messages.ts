/**
 * How a worker has children where it cannot start processes: a packaged Electron refuses to run as plain Node. The
 * worker asks the process that started it, which starts the child and connects the two by a port of their own.
 */
import type { WorkerExit } from './worker-host.ts';

/** How a child is started. */
export interface ChildOptions {
  /** Added to the environment. */
  env?: Record<string, string>;
  nodeFlags?: readonly string[];
  /** What it starts is ended with it. Only in plain Node. */
  withDescendants?: boolean;
}

/** From the worker. */
export type ChildRequest = { kind: 'child'; id: number } & (
  | { act: 'start'; name: string; options: ChildOptions }
  | { act: 'kill' }
);

/** To the worker. The first one, `connected`, comes with the port. */
export type ChildReport = { kind: 'child'; id: number } & (
  | { what: 'connected' }
  | { what: 'spawned'; pid: number }
  | { what: 'ended'; exit: WorkerExit }
);

/** Messages of this kind belong to the hosts; workers and their clients never see them. */
export function isAboutChild(message: unknown): message is { kind: 'child' } {
  return (message as { kind?: unknown } | null)?.kind === 'child';
}

/** Of a child: the port to the worker follows in a message. */
export const HANDED_PORT_OPTION = '--port-is-handed-over';
