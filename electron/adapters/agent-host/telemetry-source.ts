/** Everything that the telemetry role tells, by the tools that this system has. Open only while somebody listens. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { readAmdGpus } from '../hardware/amdgpu.ts';
import type { Exec } from '../hardware/exec.ts';
import { createHostReader } from '../hardware/host.ts';
import { readAppleGpus } from './apple-gpus.ts';
import { openNvidiaStream } from './nvidia-stream.ts';
import { readOllamaFacts } from './ollama-facts.ts';
import type { AgentGpu, AgentInterface, Clock, HostPlatform, TelemetrySource } from './types.ts';
import { readWakeArmed } from './wake-armed.ts';
import { openWindowsGpus } from './windows-gpus.ts';

export interface TelemetrySourceOptions {
  clock: Clock;
  exec: Exec;
  platform: HostPlatform;
  ollama: string;
  bootId: () => Promise<string>;
  broadcastOf(address: string, netmask: string): string | null;
  drmFolder?: string;
  nvidiaSmi?: string;
}

/** ioreg costs a process each time. */
const APPLE_EVERY_MS = 2000;
const KIBIBYTE = 1024;

/** `/proc/meminfo`; null where a line is not there. */
export function parseSwap(meminfo: string): { totalBytes: number; usedBytes: number } | null {
  const value = (name: string) => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * KIBIBYTE;
  };
  const total = value('SwapTotal');
  const free = value('SwapFree');
  return total === null || free === null ? null : { totalBytes: total, usedBytes: total - free };
}

/** Memory that the system would give away at once is not used: `MemAvailable` of `/proc/meminfo`. */
export function parseAvailable(meminfo: string): number | null {
  const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * KIBIBYTE;
}

export function openTelemetrySource(options: TelemetrySourceOptions): TelemetrySource {
  const { clock, exec, platform, ollama, bootId, broadcastOf } = options;
  const { drmFolder = '/sys/class/drm', nvidiaSmi } = options;
  const nvidia =
    platform === 'darwin' ? null : openNvidiaStream({ clock, ...(nvidiaSmi ? { program: nvidiaSmi } : {}) });
  const windows = platform === 'win32' ? openWindowsGpus({ clock }) : null;
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

  async function readGpus(signal: AbortSignal): Promise<{ gpus: AgentGpu[]; problems: string[] }> {
    if (platform === 'darwin') {
      const { gpus, problem } = await readApple(signal);
      return { gpus, problems: problem === null ? [] : [problem] };
    }
    const cards = nvidia?.read() ?? [];
    const amd = platform === 'linux' ? await readAmdGpus(drmFolder) : [];
    const others = amd.map((reading) => ({ ...reading, processes: [] }));
    // The counters tell NVIDIA's cards as well, and less of them.
    const counted = windows?.read().filter(({ vendor }) => cards.length === 0 || vendor !== 'nvidia') ?? [];
    const problems = [nvidia?.problem(), windows?.problem()].filter((one) => typeof one === 'string');
    return { gpus: [...cards, ...others, ...counted], problems };
  }

  return {
    async read(signal) {
      const { gpus, problems } = await readGpus(signal);
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
        broadcast: broadcastOf(one.address, one.netmask),
        wakeArmed: armed.get(one.name) ?? null,
      }));
      return { hostname: os.hostname(), platform, bootId: boot, interfaces, ollama: facts };
    },
    close() {
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
