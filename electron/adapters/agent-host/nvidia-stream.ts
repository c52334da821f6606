/** NVIDIA's GPUs and their processes, from one long-running nvidia-smi each instead of one process per second. */

import type { GpuReading } from '../../../shared/models/telemetry.ts';
import {
  isOddLine,
  MISSING_NVIDIA_SMI,
  meansNoDevices,
  NVIDIA_SMI,
  NVIDIA_SMI_ARGS,
  parseNvidiaSmi,
} from '../hardware/nvidia.ts';
import { openLineTool } from './line-tool.ts';
import type { AgentGpu, Clock, GpuProcess, GpusRead } from './types.ts';

const SAMPLE_MS = 1000;
const PROCESS_MS = 2000;
/** Milliseconds. Samples have no end mark, so an entry that was not repeated for this long has disappeared. */
const FORGET_SAMPLES = 2.5;
const SILENT_MS = 10_000;
const MEBIBYTE = 1024 ** 2;
const PROCESS_FIELDS = 'gpu_uuid,pid,process_name,used_memory';

export interface ComputeProcess extends GpuProcess {
  gpuId: string;
}

/** One line of `--query-compute-apps=gpu_uuid,pid,process_name,used_memory`; null for anything else. */
export function parseComputeProcess(line: string): ComputeProcess | null {
  const fields = line.split(',').map((field) => field.trim());
  if (fields.length < 4) return null;
  const [gpuId = '', pid = ''] = fields;
  const used = fields.at(-1) ?? '';
  if (gpuId === '' || !/^\d+$/.test(pid)) return null;
  const known = /^\d+$/.test(used);
  if (!known && !/^\[.*\]$|^N\/A$/i.test(used)) return null;
  return {
    gpuId,
    pid: Number(pid),
    // A name may contain commas.
    name: fields.slice(2, -1).join(', '),
    vramUsedBytes: known ? Number(used) * MEBIBYTE : null,
  };
}

const ALL_READ: NvidiaState = { read: 'all', problem: null };

export interface NvidiaStreamOptions {
  clock: Clock;
  program?: string;
  /** Whether other signs than this tool suggest such a GPU. */
  mayHave?(): Promise<boolean>;
  /** Called after new data or a change of its problem. */
  onChange?(): void;
}

export interface NvidiaState {
  read: GpusRead;
  /** null if everything was read; otherwise one sentence. */
  problem: string | null;
}

export function openNvidiaStream(options: NvidiaStreamOptions) {
  const { clock, program = NVIDIA_SMI, mayHave = async () => false, onChange = () => {} } = options;
  const gpus = new Map<string, { at: number; reading: GpuReading }>();
  const processes = new Map<string, { at: number; process: ComputeProcess }>();
  /** The last line that was not a reading: the tool reports a GPU that it cannot reach among the others. */
  let odd: { at: number; line: string } | null = null;
  let hasPrinted = false;

  const gpuTool = openLineTool({
    clock,
    command: [program, ...NVIDIA_SMI_ARGS, '-lms', String(SAMPLE_MS)],
    silentMs: SILENT_MS,
    onChange,
    onLine(line) {
      const readings = parseNvidiaSmi(line);
      for (const reading of readings) gpus.set(reading.id, { at: clock.monotonic(), reading });
      if (readings.length > 0) hasPrinted = true;
      else if (isOddLine(line)) odd = { at: clock.monotonic(), line: line.trim().slice(0, 200) };
      if (readings.length > 0) onChange();
      return readings.length > 0;
    },
  });
  const processTool = openLineTool({
    clock,
    command: [
      program,
      `--query-compute-apps=${PROCESS_FIELDS}`,
      '--format=csv,noheader,nounits',
      '-lms',
      String(PROCESS_MS),
    ],
    // It prints nothing if no process uses a GPU.
    silentMs: null,
    onLine(line) {
      const process = parseComputeProcess(line);
      if (process === null) return false;
      processes.set(`${process.gpuId} ${process.pid}`, { at: clock.monotonic(), process });
      onChange();
      return true;
    },
  });

  function forget(table: Map<string, { at: number }>, ms: number): void {
    for (const [key, { at }] of table) {
      if (clock.monotonic() - at > ms) table.delete(key);
    }
  }

  return {
    read(): AgentGpu[] {
      forget(gpus, SAMPLE_MS * FORGET_SAMPLES);
      forget(processes, PROCESS_MS * FORGET_SAMPLES);
      return [...gpus.values()].map(({ reading }) => ({
        ...reading,
        processes: [...processes.values()]
          .filter(({ process }) => process.gpuId === reading.id)
          .map(({ process: { gpuId: _, ...process } }) => process),
      }));
    },
    problem: gpuTool.problem,
    /** Resolves after the first reading, or when it is known why there is none. */
    settled: gpuTool.settled,
    /** Whether `read` returned everything. Call it after `read`. */
    async state(): Promise<NvidiaState> {
      if (gpuTool.present() === false) {
        return (await mayHave()) ? { read: 'failed', problem: MISSING_NVIDIA_SMI } : ALL_READ;
      }
      const problem = gpuTool.problem();
      if (problem !== null) {
        const none = meansNoDevices(gpuTool.exitCode(), odd?.line ?? '');
        return none && !(await mayHave()) ? ALL_READ : { read: 'failed', problem };
      }
      if (gpus.size === 0) {
        const problem = hasPrinted
          ? `${program} has stopped printing.`
          : `${program} has not printed anything yet.`;
        return { read: 'not-yet', problem };
      }
      if (odd !== null && clock.monotonic() - odd.at <= SAMPLE_MS * FORGET_SAMPLES) {
        return { read: 'failed', problem: `${program} printed: ${odd.line}` };
      }
      return ALL_READ;
    },
    close() {
      gpuTool.close();
      processTool.close();
    },
  };
}
