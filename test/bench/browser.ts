/** Chromium for the benchmarks of the panel, and what its trace says of the main thread. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Browser, chromium } from '@playwright/test';
import { chromiumFlags, findChromium } from '../../build/lib/chromium.mjs';
import { dist } from '../e2e/support/core.ts';

/** The same Chromium as for the end-to-end tests. */
export async function launchChromium(
  note: (text: string) => void,
  { scriptFlags = [] }: { scriptFlags?: readonly string[] } = {},
): Promise<Browser> {
  if (!existsSync(join(dist, 'renderer', 'index.html'))) {
    throw new Error('There is no built panel. Run npm run build first.');
  }
  const installer = join(
    dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')),
    'cli.js',
  );
  const found = await findChromium({
    playwright: { executablePath: chromium.executablePath(), installer },
    node: process.execPath,
    say: note,
  });
  if ('fix' in found) throw new Error(found.fix);
  const isRoot = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: found.path,
    chromiumSandbox: !isRoot,
    // Times finer than 100 µs; a window that is not seen is not slowed down.
    args: [
      ...chromiumFlags({ isRoot }),
      '--enable-precise-memory-info',
      '--disable-renderer-backgrounding',
      ...(scriptFlags.length > 0 ? [`--js-flags=${scriptFlags.join(' ')}`] : []),
    ],
  });
}

export const taskCategories = ['disabled-by-default-devtools.timeline', 'devtools.timeline'];

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  ts: number;
  dur?: number;
  /** The time of the thread itself: other programs of a busy machine are not in it. */
  tdur?: number;
  args?: { name?: string };
}

/**
 * The longest task of a renderer's main thread in each interval of the trace, milliseconds of the thread's own
 * time, so that other programs of a busy machine do not count.
 * @param intervalMs how long one interval is
 */
export function longestTasks(trace: Buffer, intervalMs: number): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter((event) => event.name === 'thread_name' && event.args?.name === 'CrRendererMain')
      .map((event) => `${event.pid}/${event.tid}`),
  );
  const tasks = traceEvents.filter(
    (event) => event.name === 'RunTask' && event.ph === 'X' && main.has(`${event.pid}/${event.tid}`),
  );
  if (tasks.length === 0) throw new Error('The trace holds no task of the main thread.');
  const began = tasks.reduce((least, task) => Math.min(least, task.ts), Number.POSITIVE_INFINITY);
  const longest: number[] = [];
  for (const { ts, dur = 0, tdur = dur } of tasks) {
    const index = Math.floor((ts - began) / 1000 / intervalMs);
    longest[index] = Math.max(longest[index] ?? 0, tdur / 1000);
  }
  return Array.from(longest, (value) => value ?? 0);
}

/** The value that so much of them do not exceed: 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const round = (value: number, digits = 1) => Number(value.toFixed(digits));
