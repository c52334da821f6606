import type { LocalHardware } from '../../core/ports.ts';
import { readAmdGpus } from './amdgpu.ts';
import { type Exec, execProgram } from './exec.ts';
import { createHostReader, type HostSource } from './host.ts';
import { NVIDIA_SMI, NVIDIA_SMI_ARGS, parseNvidiaSmi } from './nvidia.ts';

export interface LocalHardwareOptions {
  exec?: Exec;
  /** Default `/sys/class/drm`. */
  drmFolder?: string;
  host?: HostSource;
  /** Milliseconds that never jump. */
  monotonic?: () => number;
}

/** nvidia-smi answers in tens of milliseconds, and hangs when the driver does. */
const TOOL_DEADLINE_MS = 4000;
/** A tool that is not there, or failed, is not tried at every reading. */
const RETRY_AFTER_MS = 5 * 60_000;
const RETRY_FAILED_MS = 20_000;

/** This computer's GPUs and load, by the tools it has. Missing tools are no error: there are none then. */
export function createLocalHardware(options: LocalHardwareOptions = {}): LocalHardware {
  const {
    exec = execProgram,
    drmFolder = '/sys/class/drm',
    host,
    monotonic = () => performance.now(),
  } = options;
  const readHost = createHostReader(host);
  let nvidiaAgainAt = Number.NEGATIVE_INFINITY;

  async function readNvidia(signal: AbortSignal) {
    if (monotonic() < nvidiaAgainAt) return [];
    try {
      return parseNvidiaSmi(
        await exec(NVIDIA_SMI, NVIDIA_SMI_ARGS, { deadlineMs: TOOL_DEADLINE_MS, signal }),
      );
    } catch (error) {
      signal.throwIfAborted();
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      nvidiaAgainAt = monotonic() + (missing ? RETRY_AFTER_MS : RETRY_FAILED_MS);
      return [];
    }
  }

  return {
    async readGpus(signal) {
      signal.throwIfAborted();
      const [nvidia, amd] = await Promise.all([readNvidia(signal), readAmdGpus(drmFolder)]);
      return [...nvidia, ...amd];
    },
    readHost,
  };
}
