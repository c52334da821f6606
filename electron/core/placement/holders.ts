/** What uses a node's VRAM: the server's own models, which can be unloaded, and other programs, which cannot. Pure. */
import type { LoadedModel, VramHolder } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { oneLine } from '../../../shared/printable.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';
import { isRunnerProcess } from '../telemetry/runner-process.ts';

const MIB = 1024 ** 2;
/** What a runner's process uses in addition to its model (the CUDA context), as measured with models of 0.4 to 28 GB. */
const CONTEXT_BYTES = 588 * MIB;
/** If programs are named, a smaller rest belongs to the driver and the desktop and is not worth mentioning. */
const NAMELESS_FROM_BYTES = 1024 * MIB;
/** What the driver reports as in use on an idle card. */
const DRIVER_BYTES = 64 * MIB;
/** Longer names are cut, because they come from another machine. */
const LONGEST_NAME = 60;

/** VRAM that unloading models does not free. */
export interface ForeignUse {
  bytes: number;
  /** The largest first. The rest, of unknown programs, comes last with `name` null. */
  holders: VramHolder[];
}

/** null if the machine's tools do not report what is in use, which does not mean that nothing is. */
export function foreignUse(
  gpus: readonly GpuReading[] | null,
  loaded: readonly Pick<LoadedModel, 'vramBytes'>[],
): ForeignUse | null {
  const used = measuredVramBytes(gpus);
  if (gpus === null || used === null) return null;
  const onGpu = loaded.filter((model) => model.vramBytes > 0);
  const models = onGpu.reduce((sum, model) => sum + model.vramBytes, 0);
  // One context more than there are models: the server also starts a runner just to query the GPU.
  const allowance = models + CONTEXT_BYTES * (onGpu.length + 1);

  const byName = new Map<string, number>();
  const leftBehind: VramHolder[] = [];
  let runners = 0;
  for (const process of gpus.flatMap((gpu) => gpu.processes ?? [])) {
    const bytes = process.vramUsedBytes ?? 0;
    if (bytes <= 0) continue;
    if (process.leftBehind && process.pid !== undefined)
      leftBehind.push({ name: programName(process.name), bytes, leftBehind: process.pid });
    else if (isRunnerProcess(process.name)) runners += bytes;
    else {
      const name = programName(process.name);
      if (name !== null) byName.set(name, (byName.get(name) ?? 0) + bytes);
    }
  }
  // Runners that use more than the server reports: one that outlived its server, or a load in progress.
  if (runners > allowance) byName.set('llama-server', (byName.get('llama-server') ?? 0) + runners - models);

  const named = [
    ...[...byName].map(([name, bytes]): VramHolder => ({ name, bytes })),
    ...leftBehind,
  ].toSorted((one, other) => other.bytes - one.bytes);
  const namedBytes = named.reduce((sum, { bytes }) => sum + bytes, 0);
  const ours =
    runners > 0 && runners <= allowance ? Math.max(runners, models) : models + CONTEXT_BYTES * onGpu.length;
  const bytes = Math.min(used, Math.max(namedBytes, used - ours));
  const nameless = bytes - namedBytes;
  return {
    bytes,
    holders:
      nameless < (named.length === 0 ? DRIVER_BYTES : NAMELESS_FROM_BYTES)
        ? named
        : [...named, { name: null, bytes: nameless }],
  };
}

/** The program without its folder; null if the tool reports none (`[N/A]`, `-`, an empty name). */
function programName(name: string): string | null {
  const path = name.trim();
  if (/^(\[.*\]|n\/a|-|unknown( error| process)?)$/i.test(path)) return null;
  const program = oneLine(path.split(/[\\/]/).at(-1) ?? '');
  if (program === '') return null;
  return program.length > LONGEST_NAME ? `${program.slice(0, LONGEST_NAME - 1)}…` : program;
}
