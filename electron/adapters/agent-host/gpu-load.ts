/** Whether a GPU is busy. What cannot be read is a problem and never "no", because the machine may be working. */

import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import { readAmdGpus } from '../hardware/amdgpu.ts';
import { type Exec, toolFailure } from '../hardware/exec.ts';
import { GPU_PLACES, type GpuPlaces, mayHaveNvidia, unreadGpus } from '../hardware/gpu-places.ts';
import { queryNvidia } from '../hardware/nvidia.ts';
import { readAppleGpus } from './apple-gpus.ts';
import type { Clock, GpuLoad, HostPlatform } from './types.ts';
import { openWindowsGpus } from './windows-gpus.ts';

export interface GpuLoadOptions {
  clock: Clock;
  exec: Exec;
  platform: HostPlatform;
  signal: AbortSignal;
  places?: Partial<GpuPlaces>;
  /** Replaces the program that reads the performance counters. */
  counters?: readonly [program: string, ...args: string[]];
}

interface Found {
  gpus: readonly Pick<GpuReading, 'name' | 'utilisationPercent'>[];
  problems: readonly string[];
}

const TOOL_MS = 4000;
/** PowerShell takes seconds to start. */
const COUNTERS_MS = 8000;

/** Across all vendors: an idle GPU says nothing about the others. */
export async function readGpuLoad(options: GpuLoadOptions): Promise<GpuLoad> {
  const { platform } = options;
  const found =
    platform === 'darwin'
      ? [await readApple(options)]
      : await Promise.all([
          readNvidia(options),
          platform === 'linux' ? readAmd(options) : readCounters(options),
        ]);
  return loadOf(found);
}

export function loadOf(found: readonly Found[]): GpuLoad {
  const gpus = found.flatMap((one) => one.gpus);
  const percents = gpus.flatMap(({ utilisationPercent }) => utilisationPercent ?? []);
  const silent = gpus.filter(({ utilisationPercent }) => utilisationPercent === null);
  const problems = [
    ...found.flatMap((one) => one.problems),
    ...new Set(silent.map(({ name }) => `${name}: its driver does not report its load.`)),
  ];
  return {
    percent: percents.length === 0 ? null : Math.max(...percents),
    problem: problems.length === 0 ? null : problems.join(' '),
  };
}

async function readNvidia({ exec, platform, signal, places }: GpuLoadOptions): Promise<Found> {
  // On Windows the performance counters include every GPU.
  const mayHave = async () => platform === 'linux' && (await mayHaveNvidia({ ...GPU_PLACES, ...places }));
  const { gpus, problem } = await queryNvidia({ exec, deadlineMs: TOOL_MS, signal, mayHave });
  return { gpus, problems: problem === null ? [] : [problem] };
}

async function readAmd({ places }: GpuLoadOptions): Promise<Found> {
  const known: GpuPlaces = { ...GPU_PLACES, ...places };
  const [gpus, problems] = await Promise.all([readAmdGpus(known.drm), unreadGpus(known)]);
  return { gpus, problems };
}

async function readApple({ exec, signal }: GpuLoadOptions): Promise<Found> {
  return readAppleGpus(exec, signal).then(
    (gpus) => ({ gpus, problems: [] }),
    (error: unknown) => ({ gpus: [], problems: [toolFailure('ioreg', error)] }),
  );
}

/** The counters come from a long-running program; only its first line is read. */
async function readCounters({ clock, signal, counters }: GpuLoadOptions): Promise<Found> {
  const opened = openWindowsGpus({ clock, ...(counters ? { command: counters } : {}) });
  try {
    await settledWithin(clock, COUNTERS_MS, opened.settled, signal);
    const { gpus, problem } = opened.read();
    return { gpus, problems: problem === null ? [] : [problem] };
  } finally {
    opened.close();
  }
}
