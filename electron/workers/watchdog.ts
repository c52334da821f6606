/**
 * Ends a worker process whose core has ended. It runs in its own thread, because a worker in a busy loop does not
 * notice that its channel was closed.
 */
import { Socket } from 'node:net';
import { Worker, workerData } from 'node:worker_threads';
import { isRunning } from '../adapters/processes/is-running.ts';
import { endThisProcess } from '../adapters/processes/process-group.ts';

export interface WatchdogOptions {
  /** The process id of the core; null if unknown. */
  corePid: number | null;
  /** Whether standard input is a pipe whose other end only the core holds: the system closes it when the core ends. */
  coreHoldsInput: boolean;
}

/** How long the worker may take to end cleanly on its own, milliseconds. */
const GRACE_MS = 750;
/** Interval of the check without a pipe, milliseconds. */
const CHECK_EVERY_MS = 500;

/** Command-line options that the worker's host writes; see adapters/processes/core-watch.ts. */
export function watchdogOptions(argv: readonly string[]): WatchdogOptions {
  const pid = argv.find((argument) => /^--core-pid=\d+$/.test(argument));
  return {
    corePid: pid === undefined ? null : Number(pid.slice('--core-pid='.length)),
    coreHoldsInput: argv.includes('--core-holds-input'),
  };
}

/** @param entry the file that runs `runWatchdog` when it runs in a thread with this role */
export function startWatchdog(entry: string, options: WatchdogOptions): void {
  new Worker(entry, { workerData: { role: 'watchdog', ...options } }).unref();
}

export function runWatchdog(options: WatchdogOptions = workerData as WatchdogOptions): void {
  let isEnding = false;
  function end(): void {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => endThisProcess(), GRACE_MS);
  }
  if (options.coreHoldsInput) {
    new Socket({ fd: 0, readable: true, writable: false }).on('error', end).once('close', end).resume();
    return;
  }
  const { corePid } = options;
  const parent = process.ppid;
  // The id of a core in another process namespace is meaningless here.
  const isVisible = corePid !== null && isRunning(corePid);
  setInterval(() => {
    if (process.ppid !== parent || (isVisible && !isRunning(corePid))) end();
  }, CHECK_EVERY_MS);
}
