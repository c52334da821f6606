/**
 * Everything that the telemetry role reports, read with the tools of this system. Open only while there are
 * subscribers.
 */

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { directedBroadcast } from '../../../shared/network/broadcast.ts';
import { settledWithin } from '../../../shared/settled-within.ts';
import { readAmdGpus } from '../hardware/amdgpu.ts';
import type { Exec } from '../hardware/exec.ts';
import {
  GPU_PLACES,
  type GpuPlaces,
  mayHaveNvidia,
  unreadGpus,
  withoutIntegrated,
} from '../hardware/gpu-places.ts';
import { createHostReader } from '../hardware/host.ts';
import type { openConnection } from '../network/open-connection.ts';
import { readAppleGpus } from './apple-gpus.ts';
import { openNvidiaStream } from './nvidia-stream.ts';
import { readOllamaFacts } from './ollama-facts.ts';
import { watchOllama } from './ollama-watch.ts';
import { withParents } from './runner-parents.ts';
import type { AgentGpu, AgentInterface, Clock, GpusRead, HostPlatform, TelemetrySource } from './types.ts';
import { readWakeArmed } from './wake-armed.ts';
import { openWindowsGpus } from './windows-gpus.ts';

export interface TelemetrySourceOptions {
  clock: Clock;
  exec: Exec;
  platform: HostPlatform;
  ollama: string;
  bootId: () => Promise<string>;
  drmFolder?: string;
  places?: Partial<GpuPlaces>;
  nvidiaSmi?: string;
  /** Replaces the program that reads the performance counters. */
  counters?: readonly [program: string, ...args: string[]];
  /** Replaces the connection that shows when Ollama ends. */
  hold?: typeof openConnection;
}

interface GpusReading {
  gpus: AgentGpu[];
  gpusRead: GpusRead;
  problems: string[];
}

/** Milliseconds. A tool that starts on a cold driver needs more than a second for its first line. */
const FIRST_LINE_MS = 4000;
/** Cards rarely come and go. */
const PLACES_MS = 60_000;

/** ioreg costs a process each time. */
const APPLE_EVERY_MS = 2000;
const KIBIBYTE = 1024;

/** `/proc/meminfo`; null if a line is missing. */
export function parseSwap(meminfo: string): { totalBytes: number; usedBytes: number } | null {
  const value = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * KIBIBYTE;
  };
  const total = value('SwapTotal');
  const free = value('SwapFree');
  return total === null || free === null ? null : { totalBytes: total, usedBytes: total - free };
}

/** Memory that the system can free at once does not count as used: `MemAvailable` of `/proc/meminfo`. */
export function parseAvailable(meminfo: string): number | null {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * KIBIBYTE;
}

export function openTelemetrySource(options: TelemetrySourceOptions): TelemetrySource {
  const { clock, exec, platform, ollama, bootId } = options;
  const { drmFolder = GPU_PLACES.drm, nvidiaSmi, counters } = options;
  const places: GpuPlaces = { ...GPU_PLACES, drm: drmFolder, ...options.places };
  let seen: { at: number; nvidia: Promise<boolean>; unread: Promise<string[]> } | null = null;
  /** GPUs that the system lists, whatever their tools report. On Windows the performance counters include them all. */
  function shown() {
    if (platform !== 'linux') return { nvidia: Promise.resolve(false), unread: Promise.resolve([]) };
    if (seen === null || clock.monotonic() - seen.at > PLACES_MS)
      seen = { at: clock.monotonic(), nvidia: mayHaveNvidia(places), unread: unreadGpus(places) };
    return seen;
  }
  const mayHave = () => shown().nvidia;
  const nvidia =
    platform === 'darwin'
      ? null
      : openNvidiaStream({ clock, mayHave, ...(nvidiaSmi ? { program: nvidiaSmi } : {}) });
  const windows =
    platform === 'win32' ? openWindowsGpus({ clock, ...(counters ? { command: counters } : {}) }) : null;
  const watch = watchOllama({ clock, url: ollama, ...(options.hold && { hold: options.hold }) });
  const readHost = createHostReader();
  let apple: { at: number; gpus: AgentGpu[]; problem: string | null } | null = null;

  async function readApple(signal: AbortSignal) {
    if (apple !== null && clock.monotonic() - apple.at < APPLE_EVERY_MS) return apple;
    const read = await readAppleGpus(exec, signal).then(
      (gpus) => ({ gpus, problem: null }),
      (error: unknown) => ({ gpus: [], problem: `ioreg: ${error instanceof Error ? error.message : error}` }),
    );
    apple = { at: clock.monotonic(), ...read };
    return apple;
  }

  const settled = Promise.all([nvidia?.settled, windows?.settled]);
  let isSettled = false;
  void settled.then(() => {
    isSettled = true;
  });

  /** Waits until each tool has answered, but not for long, because one may hang. */
  async function firstLines(signal: AbortSignal): Promise<void> {
    if (isSettled) return;
    await settledWithin(clock, FIRST_LINE_MS, settled, signal);
    signal.throwIfAborted();
    // Later callers do not wait for the same tool again.
    isSettled = true;
  }

  async function readGpus(signal: AbortSignal): Promise<GpusReading> {
    if (platform === 'darwin') {
      const { gpus, problem } = await readApple(signal);
      return {
        gpus,
        gpusRead: problem === null ? 'all' : 'failed',
        problems: problem === null ? [] : [problem],
      };
    }
    await firstLines(signal);
    const cards = nvidia?.read() ?? [];
    const unread = (await shown().unread).map((problem) => ({ read: 'failed' as const, problem }));
    const counted = windows?.read(cards);
    const states = [await nvidia?.state(), counted, ...unread].filter((one) => one !== undefined);
    const amd = platform === 'linux' ? await readAmdGpus(places.drm) : [];
    // Beside a card, the processor's own graphics only drive displays.
    const hasCard = cards.length > 0 || (await mayHave());
    const others = withoutIntegrated(amd, hasCard).map((reading) => ({ ...reading, processes: [] }));
    // The counters include NVIDIA's cards too, with fewer details.
    const more = (counted?.gpus ?? []).filter(({ vendor }) => cards.length === 0 || vendor !== 'nvidia');
    const rest = withoutIntegrated(more, cards.length > 0);
    const gpusRead = (['failed', 'not-yet'] as const).find((one) => states.some(({ read }) => read === one));
    return {
      gpus: withParents([...cards, ...others, ...rest], platform, counted?.runners ?? new Map()),
      gpusRead: gpusRead ?? 'all',
      problems: states.flatMap(({ problem }) => problem ?? []),
    };
  }

  return {
    async read(signal) {
      const { gpus, gpusRead, problems } = await readGpus(signal);
      const meminfo = platform === 'linux' ? readText('/proc/meminfo') : '';
      const swap = parseSwap(meminfo);
      const host = readHost();
      const available = parseAvailable(meminfo);
      return {
        at: clock.now(),
        host: {
          ...host,
          ...(available === null ? {} : { memoryUsedBytes: host.memoryTotalBytes - available }),
          swapTotalBytes: swap?.totalBytes ?? null,
          swapUsedBytes: swap?.usedBytes ?? null,
          uptimeSeconds: Math.round(os.uptime()),
        },
        gpus,
        gpusRead,
        problems,
      };
    },
    async machine(signal) {
      const addresses = Object.entries(os.networkInterfaces()).flatMap(([name, list]) =>
        (list ?? [])
          .filter((one) => one.family === 'IPv4' && !one.internal)
          .map((one) => ({ name, mac: one.mac.toUpperCase(), address: one.address, netmask: one.netmask })),
      );
      const names = [...new Set(addresses.map(({ name }) => name))];
      const [armed, facts, boot] = await Promise.all([
        readWakeArmed(names, { exec, platform, signal }),
        readOllamaFacts({ url: ollama, exec, platform, signal }),
        bootId(),
      ]);
      const interfaces: AgentInterface[] = addresses.map((one) => ({
        ...one,
        broadcast: directedBroadcast(one.address, one.netmask),
        wakeArmed: armed.get(one.name) ?? null,
      }));
      watch.read(!facts.answers || facts.gpuFound !== null);
      return {
        hostname: os.hostname(),
        platform,
        bootId: boot,
        interfaces,
        ollama: { ...facts, restarts: watch.restarts() },
      };
    },
    machineChanged: watch.changed,
    close() {
      watch.close();
      nvidia?.close();
      windows?.close();
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
