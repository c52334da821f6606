/** The pure parts of the worker. */
import { describe, expect, it } from 'vitest';
import { createBackoff } from '../../../../electron/workers/tasks/backoff.ts';
import { createBell } from '../../../../electron/workers/tasks/bell.ts';
import { coded, failedAttempt } from '../../../../electron/workers/tasks/failures.ts';
import { isTransient, mayBeRepeated } from '../../../../electron/workers/tasks/link/transient.ts';
import { watchMemory } from '../../../../electron/workers/tasks/processes/memory-watch.ts';
import {
  createLoadReader,
  parseProc,
  parsePs,
  parseWindows,
  windowsUse,
} from '../../../../electron/workers/tasks/processes/usage.ts';
import { createReportBook } from '../../../../electron/workers/tasks/report.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';

const never = new AbortController().signal;

describe('pauses', () => {
  it('double up to the longest, with half of them random, and begin again', () => {
    const backoff = createBackoff({ firstMs: 500, mostMs: 2000, random: () => 0.5 });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([500, 1000, 2000, 2000, 2000]);
    backoff.reset();
    expect(backoff.next()).toBe(500);
    const at = (random: number) => createBackoff({ firstMs: 500, mostMs: 2000, random: () => random }).next();
    expect([at(0), at(0.999)]).toEqual([250, 749.5]);
  });
});

describe('a bell', () => {
  it('wakes who waits, and once who comes later', async () => {
    const bell = createBell();
    const waiting = bell.wait(never);
    bell.ring();
    await waiting;
    bell.ring();
    await bell.wait(never);
    const controller = new AbortController();
    const again = bell.wait(controller.signal);
    controller.abort(new Error('enough'));
    await expect(again).rejects.toThrow('enough');
  });

  it('does not ring for a wait that was given up', async () => {
    const bell = createBell();
    const controller = new AbortController();
    const given = bell.wait(controller.signal);
    controller.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    bell.ring();
    await bell.wait(never);
  });
});

describe('a report', () => {
  it('has the newest progress, and all that was printed since the last one', () => {
    const book = createReportBook();
    expect(book.hasNews()).toBe(false);
    book.add({ share: 0.1, text: 'one', log: 'a\n' });
    book.add({ share: 0.2, text: null, log: 'b\n' });
    expect(book.hasNews()).toBe(true);
    expect(book.take()).toEqual({ progress: 0.2, progressText: 'one', log: 'a\nb\n' });
    expect(book.take()).toEqual({ progress: null, progressText: null, log: '' });
    expect(book.hasNews()).toBe(false);
  });

  it('that was not delivered comes before what is newer, and does not replace it', () => {
    const book = createReportBook();
    book.add({ share: 0.1, text: 'one', log: 'a\n' });
    const lost = book.take();
    book.add({ share: 0.5, text: null, log: 'b\n' });
    book.putBack(lost);
    expect(book.take()).toEqual({ progress: 0.5, progressText: 'one', log: 'a\nb\n' });
  });

  it('keeps the end of a long log, without half a character', () => {
    const book = createReportBook();
    book.add({ share: null, text: 'x'.repeat(600), log: `${'a'.repeat(10)}\u{1f600}${'b'.repeat(65_535)}` });
    const { log, progressText } = book.take();
    expect(log).toBe('b'.repeat(65_535));
    expect(progressText).toHaveLength(500);
  });
});

describe('a failure', () => {
  it.each([
    [new PilotlightError('FILE_BINARY'), 'FILE_BINARY', false],
    [new PilotlightError('TASK_MEMORY_LIMIT'), 'TASK_MEMORY_LIMIT', false],
    [new PilotlightError('HANDLER_DIED'), 'HANDLER_DIED', true],
    [new PilotlightError('LINK_EXPIRED'), 'LINK_EXPIRED', true],
    [Object.assign(new Error(), { code: 'ENOSPC' }), 'DISK_FULL', true],
    [Object.assign(new Error(), { code: 'EACCES' }), 'FILE_UNREADABLE', true],
    [new TypeError('x'), 'INTERNAL', true],
    ['thrown', 'INTERNAL', true],
  ])('%o has a code, and says whether it can end differently', (error, code, retry) => {
    expect(failedAttempt(error)).toMatchObject({ failure: { code }, retry });
    expect(coded(error).message).not.toBe('');
  });
});

describe('an error of the server', () => {
  const withStatus = (status: number) => new PilotlightError('SERVER_ERROR', { details: { status } });

  it.each([408, 429, 500, 503])('%i passes', (status) => {
    expect(isTransient(withStatus(status))).toBe(true);
  });

  it.each([400, 401, 403, 404, 409, 422])('%i needs somebody', (status) => {
    expect(isTransient(withStatus(status))).toBe(false);
  });

  it('a result waits for a server that is away, has forgotten the worker, or refuses its key', () => {
    expect(mayBeRepeated(new PilotlightError('HOST_UNREACHABLE'))).toBe(true);
    expect(mayBeRepeated(new PilotlightError('NOT_FOUND', { details: { status: 404 } }))).toBe(true);
    expect(mayBeRepeated(withStatus(401))).toBe(true);
    expect(mayBeRepeated(withStatus(422))).toBe(false);
    expect(mayBeRepeated(new TypeError('a defect'))).toBe(false);
  });
});

describe('the use of processes', () => {
  const stat = `7 (a (strange) name) S ${Array.from({ length: 10 }, () => 0).join(' ')} 150 50 0`;

  it('is read from /proc, whatever the program is called', () => {
    expect(parseProc(stat, 'Name:\tx\nVmRSS:\t  2048 kB\n')).toEqual({ cpuMs: 2000, memoryBytes: 2_097_152 });
    expect(parseProc('', '')).toBeNull();
  });

  it('is read from ps, with times of days', () => {
    expect([...parsePs('  7  2048 1:02.50\n  8 1 2-01:00:00\nrubbish\n')]).toEqual([
      [7, { cpuMs: 62_500, memoryBytes: 2_097_152 }],
      [8, { cpuMs: 176_400_000, memoryBytes: 1024 }],
    ]);
  });

  it('is a share of one core since the last time', async () => {
    let at = 0;
    let cpuMs = 1000;
    const load = createLoadReader({
      monotonic: () => at,
      read: async (pids) => new Map(pids.map((pid) => [pid, { cpuMs, memoryBytes: 10 }])),
    });
    expect(await load([1, 2])).toEqual({ cpu: 0, memoryBytes: 20 });
    at = 1000;
    cpuMs = 1500;
    expect(await load([1, 2])).toEqual({ cpu: 1, memoryBytes: 20 });
    at = 2000;
    // The second one is new.
    expect(await load([1, 3])).toEqual({ cpu: 1.5, memoryBytes: 20 });
  });

  it('is not known if no process can be read, and nothing without one', async () => {
    const load = createLoadReader({ monotonic: () => 0, read: async () => new Map() });
    expect(await load([1])).toBeNull();
    expect(await load([])).toEqual({ cpu: 0, memoryBytes: 0 });
  });

  it('is read from PowerShell on Windows', () => {
    expect(windowsUse([7, 8]).at(-1)).toContain('Get-Process -Id 7,8 ');
    expect([...parseWindows('7 62500 2097152\r\n8 0 1024\r\n\r\nGet-Process : rubbish\r\n')]).toEqual([
      [7, { cpuMs: 62_500, memoryBytes: 2_097_152 }],
      [8, { cpuMs: 0, memoryBytes: 1024 }],
    ]);
  });
});

describe('the watch over memory', () => {
  it('ends a process beyond its limit, and none without one', () => {
    const checks: (() => void)[] = [];
    let bytes = 100 * 1024 * 1024;
    let ends = 0;
    const end = () => {
      ends += 1;
    };
    const memory = { bytes: () => bytes, end };
    watchMemory(100, memory, (_ms, check) => checks.push(check));
    checks[0]?.();
    expect(ends).toBe(0);
    bytes += 1;
    checks[0]?.();
    expect(ends).toBe(1);
    watchMemory(null, memory, (_ms, check) => checks.push(check));
    expect(checks).toHaveLength(1);
  });
});
