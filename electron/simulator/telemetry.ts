/** What the tools on a simulated machine would report: VRAM, load, temperature and power, changing realistically. */
import type { GpuReading, HostReading } from '../../shared/models/telemetry.ts';
import type { SimulatorClock } from './clock.ts';
import { hash } from './embedding.ts';
import { RUNNER_PATH } from './memory.ts';
import type { GpuDefinition, Profile } from './model.ts';
import type { SimulatedOllama } from './ollama.ts';

export interface MachineTelemetry {
  gpus: GpuReading[];
  host: HostReading;
  /** VRAM per runner process, by model name, bytes: correct where ps is wrong. */
  vramByModel: Record<string, number>;
}

const IDLE_CELSIUS = 34;
const FULL_CELSIUS = 76;
const IDLE_WATTS = 22;
/** How fast a GPU warms and cools. */
const THERMAL_MS = 15_000;
const HOST_BASELINE_BYTES = 3_200_000_000;

export function createTelemetry(setup: {
  clock: SimulatorClock;
  profile: Profile;
  gpus: readonly GpuDefinition[];
  systemMemoryBytes: number;
  ollama: SimulatedOllama;
  /** As in a container: the tool reports totals, but no processes. */
  hidesProcesses?: boolean;
}): { read(): MachineTelemetry } {
  const { clock, ollama } = setup;
  // To 0.24 the runner is Ollama itself, started again.
  const runnerName = setup.profile === '0.24' ? '/usr/local/bin/ollama' : RUNNER_PATH;
  let celsius = IDLE_CELSIUS;
  let readAt = clock.monotonic();

  /** A small repeatable jitter, −1 to 1, that changes each second. */
  const jitter = (salt: string) => (hash(`${salt} ${Math.floor(clock.now() / 1000)}`) / 2 ** 31 - 1) * 1;

  const read = (): MachineTelemetry => {
    const now = clock.monotonic();
    const runners = ollama.scheduler.runners();
    const busy = ollama.compute.busy();
    const share = busy ? ollama.compute.gpuShare() : 0;
    const loading = runners.find((runner) => runner.state === 'loading');
    const target = IDLE_CELSIUS + (FULL_CELSIUS - IDLE_CELSIUS) * share;
    celsius += (target - celsius) * (1 - Math.exp(-(now - readAt) / THERMAL_MS));
    readAt = now;

    const held = (bytes: number, runner: (typeof runners)[number]) =>
      runner.state === 'loading' ? bytes * Math.min(1, (now - runner.loadStartedAt) / runner.loadMs) : bytes;
    const gpus = ollama.scheduler.gpusAlive()
      ? setup.gpus.map((gpu, index): GpuReading => {
          const { memory } = ollama.scheduler;
          const outside = memory.outside().filter((program) => program.gpu === index);
          let used = gpu.baselineBytes + memory.lingering(index) + memory.probing(index);
          for (const program of outside) used += program.bytes;
          const processes = outside.map(({ pid, name, bytes }) => ({ pid, name, vramUsedBytes: bytes }));
          for (const runner of runners) {
            const bytes = Math.round(held(memory.processBytes(runner, index), runner));
            used += bytes;
            if (bytes > 0) processes.push({ pid: runner.pid, name: runnerName, vramUsedBytes: bytes });
          }
          const percent = share > 0 ? 93 * share + 5 * jitter(gpu.id) : loading ? 12 : 2 + jitter(gpu.id);
          const watts = gpu.boardWatts - IDLE_WATTS;
          return {
            id: gpu.id,
            vendor: 'nvidia',
            name: gpu.name,
            vramTotalBytes: gpu.vramBytes,
            vramUsedBytes: Math.min(gpu.vramBytes, Math.round(used)),
            utilisationPercent: Math.round(Math.min(100, Math.max(0, percent))),
            temperatureCelsius: Math.round(celsius),
            powerWatts: Math.round(IDLE_WATTS + watts * 0.85 * share + 3 * (1 + jitter(`watts ${gpu.id}`))),
            ...(processes.length > 0 && !setup.hidesProcesses ? { processes } : {}),
          };
        })
      : [];

    const vramByModel: Record<string, number> = {};
    let systemUsed = HOST_BASELINE_BYTES;
    for (const runner of runners) {
      const vram = runner.allocation.perGpu.reduce((sum, bytes) => sum + bytes, 0);
      vramByModel[runner.model.name] = Math.round(held(vram, runner));
      systemUsed += held(runner.allocation.sizeBytes - vram, runner);
    }
    const cpu = busy ? 20 + 70 * (1 - share) : loading ? 25 : 4;
    return {
      gpus,
      host: {
        cpuPercent: Math.round(Math.min(100, Math.max(0, cpu + 3 * jitter('cpu')))),
        memoryTotalBytes: setup.systemMemoryBytes,
        memoryUsedBytes: Math.min(setup.systemMemoryBytes, Math.round(systemUsed)),
      },
      vramByModel,
    };
  };
  return { read };
}
