// @ts-check
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { systemCode } from './errors.mjs';

/**
 * @typedef {object} LockTimes
 * @property {number} heartbeatMs how often the holder touches the file
 * @property {number} pollMs how often a waiter checks
 * @property {number} silentMs after this time without a heartbeat a waiter takes the lock: the pid may have been reused
 */

/** @type {LockTimes} */
const defaultTimes = { heartbeatMs: 2_000, pollMs: 200, silentMs: 20_000 };

/**
 * Runs `work` while no other process does so in the same folder.
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} work
 * @param {{ onWait?: (pid: number) => void, times?: LockTimes, isAlive?: (pid: number) => boolean }} [options]
 * @returns {Promise<T>}
 */
export async function withLock(file, work, options = {}) {
  const times = options.times ?? defaultTimes;
  const release = await acquireLock(file, options);
  const heartbeat = setInterval(() => {
    try {
      const now = new Date();
      utimesSync(file, now, now);
    } catch {
      // If the file was removed, another process has taken the lock; this run can only finish.
    }
  }, times.heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}

/**
 * @param {string} file
 * @param {{ onWait?: (pid: number) => void, times?: LockTimes, isAlive?: (pid: number) => boolean }} [options]
 * @returns {Promise<() => void>} releases the lock
 */
export async function acquireLock(file, options = {}) {
  const { onWait, times = defaultTimes, isAlive = isProcessAlive } = options;
  const own = `${process.pid} ${randomBytes(8).toString('hex')} ${hostname()}`;
  mkdirSync(dirname(file), { recursive: true });
  let reported = false;
  let lastTouch = -1;
  let silentSince = performance.now();
  for (;;) {
    if (tryCreate(file, own)) return () => removeIfOwn(file, own);
    const holder = readHolder(file);
    if (holder === undefined) continue;
    if (holder.touched !== lastTouch) {
      lastTouch = holder.touched;
      silentSince = performance.now();
    }
    const dead = holder.pid !== undefined && holder.isHere && !isAlive(holder.pid);
    if (dead || performance.now() - silentSince > times.silentMs) {
      removeStale(file, holder.text);
      continue;
    }
    if (!reported && holder.pid !== undefined) {
      reported = true;
      onWait?.(holder.pid);
    }
    await new Promise((resolve) => setTimeout(resolve, times.pollMs));
  }
}

/**
 * @param {string} file
 * @param {string} own
 * @returns {boolean}
 */
function tryCreate(file, own) {
  // Written to a draft, then linked: a lock always contains its pid.
  const draft = `${file}.${own.split(' ', 2).join('-')}`;
  writeFileSync(draft, own);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    return createWithoutLink(file, own, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Some file systems have no hard links; an exclusive write is used there.
 * @param {string} file
 * @param {string} own
 * @param {unknown} linkError
 * @returns {boolean}
 */
function createWithoutLink(file, own, linkError) {
  if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(systemCode(linkError)))
    throw linkError;
  try {
    writeFileSync(file, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {{ text: string, pid: number | undefined, isHere: boolean, touched: number } | undefined} undefined if it does not exist
 */
function readHolder(file) {
  try {
    const text = readFileSync(file, 'utf8');
    const pid = Number.parseInt(text, 10);
    // On a shared disk the pid may belong to another machine, so only its heartbeat counts.
    const host = text.split(' ').slice(2).join(' ');
    const isHere = host === '' || host === hostname();
    return { text, pid: Number.isFinite(pid) ? pid : undefined, isHere, touched: statSync(file).mtimeMs };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Two waiters may find the same lock stale: each moves away what it finds, and restores what it did not mean to
 * remove.
 * @param {string} file
 * @param {string} judged
 */
function removeStale(file, judged) {
  const aside = `${file}.stale-${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if (readFileSync(aside, 'utf8') !== judged) linkSync(aside, file);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} own
 */
function removeIfOwn(file, own) {
  try {
    if (readFileSync(file, 'utf8') === own) unlinkSync(file);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
export function isProcessAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to someone else.
    return systemCode(error) === 'EPERM';
  }
}
