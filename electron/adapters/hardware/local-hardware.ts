import type { LocalHardware } from '../../core/ports/local-machine.ts';
import { readAmdGpus } from './amdgpu.ts';
import { type Exec, execProgram } from './exec.ts';
import { GPU_PLACES, type GpuPlaces, mayHaveNvidia, unreadGpus, withoutIntegrated } from './gpu-places.ts';
import { createHostReader, type HostSource } from './host.ts';
import { type NvidiaAnswer, queryNvidia } from './nvidia.ts';

export interface LocalHardwareOptions {
  exec?: Exec;
  /** Default `/sys/class/drm`. */
  drmFolder?: string;
  places?: Partial<GpuPlaces>;
  host?: HostSource;
  /** Default: this process's. */
  platform?: NodeJS.Platform;
  /** Monotonic milliseconds. */
  monotonic?: () => number;
}

/** Milliseconds. nvidia-smi answers in tens of milliseconds, and hangs when the driver does. */
const TOOL_DEADLINE_MS = 4000;
/** Milliseconds. A tool that found nothing, or failed, is not run for every reading. */
const RETRY_AFTER_MS = 5 * 60_000;
const RETRY_FAILED_MS = 20_000;

/** This computer's GPUs and load, read with its tools. A missing tool is not an error without such a GPU. */
export function createLocalHardware(options: LocalHardwareOptions = {}): LocalHardware {
  const {
    exec = execProgram,
    drmFolder = GPU_PLACES.drm,
    host,
    platform = process.platform,
    monotonic = () => performance.now(),
  } = options;
  const readHost = createHostReader(host);
  const places: GpuPlaces = { ...GPU_PLACES, drm: drmFolder, ...options.places };
  const mayHave = () => mayHaveNvidia(places);
  let nvidiaAgainAt = Number.NEGATIVE_INFINITY;
  /** The last result without a GPU, and until when it is used. */
  let last: NvidiaAnswer = { gpus: [], problem: null };

  async function readNvidia(signal: AbortSignal): Promise<NvidiaAnswer> {
    if (monotonic() < nvidiaAgainAt) return last;
    const answer = await queryNvidia({ exec, deadlineMs: TOOL_DEADLINE_MS, signal, mayHave });
    signal.throwIfAborted();
    if (answer.gpus.length > 0) return answer;
    last = answer;
    nvidiaAgainAt = monotonic() + (answer.problem === null ? RETRY_AFTER_MS : RETRY_FAILED_MS);
    return answer;
  }

  return {
    async readGpus(signal) {
      signal.throwIfAborted();
      const [nvidia, amd] = await Promise.all([readNvidia(signal), readAmdGpus(places.drm)]);
      // Beside a card, the processor's own graphics only drive displays.
      const others = withoutIntegrated(amd, nvidia.gpus.length > 0 || nvidia.problem !== null);
      const gpus = [...nvidia.gpus, ...others];
      // With some GPUs read, the others are merely missing; with none, an empty list would mean "no GPU".
      if (gpus.length === 0 && nvidia.problem !== null) throw new Error(nvidia.problem);
      return gpus;
    },
    // The tools of other systems do not list the GPUs of every vendor.
    seesEveryGpu: async () => platform === 'linux' && (await unreadGpus(places)).length === 0,
    readHost,
  };
}
