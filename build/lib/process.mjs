// @ts-check
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';

const keptCharacters = 8_000;

/** @type {readonly NodeJS.Signals[]} */
const endingSignals = process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @type {Set<import('node:child_process').ChildProcess>} */
const captured = new Set();

/**
 * An install or a test run must not continue alone when this process is asked to stop.
 * @param {NodeJS.Signals} signal
 */
function endCaptured(signal) {
  for (const child of captured) child.kill('SIGTERM');
  for (const name of endingSignals) process.removeListener(name, endCaptured);
  process.kill(process.pid, signal);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {() => void} to be called when it has ended
 */
function watchCaptured(child) {
  if (captured.size === 0) for (const name of endingSignals) process.on(name, endCaptured);
  captured.add(child);
  return () => {
    captured.delete(child);
    if (captured.size === 0) for (const name of endingSignals) process.removeListener(name, endCaptured);
  };
}

/**
 * Runs a program quietly and keeps the end of its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, timeoutMs?: number,
 *   onOutput?: (text: string) => void }} [options]
 * @returns {Promise<{ code: number, tail: string, timedOut: boolean }>} `code` 127 when it could not start
 */
export function runCaptured(command, args, options = {}) {
  return new Promise((resolve) => {
    let tail = '';
    const keep = (/** @type {Buffer} */ chunk) => {
      const text = chunk.toString('utf8');
      options.onOutput?.(text);
      tail = (tail + text).slice(-keptCharacters);
    };
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      shell: options.shell ?? false,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const release = watchCaptured(child);
    let timedOut = false;
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            child.kill('SIGKILL');
          }, options.timeoutMs);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      release();
      clearTimeout(timer);
      resolve({ code: 127, tail: error.message, timedOut: false });
    });
    child.once('close', (code, signal) => {
      release();
      clearTimeout(timer);
      resolve({ code: exitCodeOf(code, signal), tail, timedOut });
    });
  });
}

/**
 * Runs a program in the place of this one: it shares our streams, and signals are passed on to it.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export function runForeground(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: 'inherit',
    });
    const handlers = endingSignals.map((signal) => {
      const forward = () => {
        // A terminal sends Ctrl+C to the whole group: a second one from here would mean "stop at once".
        if (signal === 'SIGINT' && process.stdin.isTTY) return;
        child.kill(signal);
      };
      process.on(signal, forward);
      return { signal, forward };
    });
    const release = () => {
      for (const { signal, forward } of handlers) process.removeListener(signal, forward);
    };
    child.once('error', (error) => {
      release();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      release();
      resolve({ code, signal });
    });
  });
}

const starter = process.ppid;

/**
 * Ends this process when npm has ended. npm passes a signal to its shell, which ends without passing it on.
 * @param {{ env?: NodeJS.ProcessEnv, everyMs?: number }} [options]
 */
export function endWithNpm({ env = process.env, everyMs = 1_000 } = {}) {
  // Without npm as the parent, the process may be meant to continue.
  if (process.platform === 'win32' || env.npm_lifecycle_event === undefined) return;
  const timer = setInterval(() => {
    if (process.ppid === starter) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, everyMs);
  timer.unref();
}

/**
 * Ends this process the way the child ended, so that a caller sees the same signal or code.
 * @param {{ code: number | null, signal: NodeJS.Signals | null }} ending
 * @returns {number} the exit code, if no signal ended it
 */
export function endLike(ending) {
  if (ending.signal !== null && process.platform !== 'win32') process.kill(process.pid, ending.signal);
  return exitCodeOf(ending.code, ending.signal);
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {number} as a shell reports it: 128 plus the signal number
 */
export function exitCodeOf(code, signal) {
  if (signal !== null) return 128 + (constants.signals[signal] ?? 0);
  return code ?? 1;
}

/**
 * How to start npm: the npm that started us, the one beside the running Node, or the one on the PATH.
 * @param {{ env?: NodeJS.ProcessEnv, execPath?: string, exists?: (path: string) => boolean,
 *   platform?: string }} [facts]
 * @returns {{ command: string, args: string[], shell: boolean }}
 */
export function npmCommand({
  env = process.env,
  execPath = process.execPath,
  exists = existsSync,
  platform = process.platform,
} = {}) {
  const startedBy = env.npm_execpath;
  if (startedBy !== undefined && basename(startedBy) === 'npm-cli.js' && exists(startedBy)) {
    return { command: execPath, args: [startedBy], shell: false };
  }
  const folders = [dirname(execPath), join(dirname(dirname(execPath)), 'lib')];
  for (const folder of folders) {
    const script = join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js');
    if (exists(script)) return { command: execPath, args: [script], shell: false };
  }
  // On Windows `npm` is a command file, which only a shell can start.
  return { command: 'npm', args: [], shell: platform === 'win32' };
}

/**
 * The environment of programs under a chosen Node: that Node comes first in PATH, and its compile cache is enabled.
 * @param {{ node: string, compileCache: string, env?: NodeJS.ProcessEnv }} options
 * @returns {NodeJS.ProcessEnv}
 */
export function runtimeEnvironment({ node, compileCache, env = process.env }) {
  // Windows names it `Path`, and a second spelling would hide the first.
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const rest = env[key] ?? '';
  const path = rest === '' ? dirname(node) : `${dirname(node)}${delimiter}${rest}`;
  return { ...env, [key]: path, NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? compileCache };
}
