/** Who holds a node's VRAM: the server's own models, which can be unloaded, and other programs, which cannot. Pure. */

import type { LoadedModel, VramHolder } from '../../../shared/models/placement.ts';
import type { GpuReading } from '../../../shared/models/telemetry.ts';
import { oneLine } from '../../../shared/printable.ts';
import { measuredVramBytes } from '../../../shared/vram.ts';

const MIB = 1024 ** 2;
/** What a runner's process holds beside its model (the CUDA context), seen with models of 0.4 to 28 GB. */
const CONTEXT_BYTES = 588 * MIB;
/** Beside programs that are named, a smaller rest is the driver's and the desktop's, and not worth a mention. */
const NAMELESS_FROM_BYTES = 1024 * MIB;
/** What the driver itself counts as in use on an idle card. */
const DRIVER_BYTES = 64 * MIB;
/** Longer names are cut: they come from the other machine. */
const LONGEST_NAME = 60;

/** VRAM that cannot be had by unloading models. */
export interface ForeignUse {
  bytes: number;
  /** The largest first; what belongs to no program that is known comes last, with `name` null. */
  holders: VramHolder[];
}

/** Null when the machine's tools do not report how much is in use, which is not the same as nothing. */
export function foreignUse(
  gpus: readonly GpuReading[] | null,
  loaded: readonly Pick<LoadedModel, 'vramBytes'>[],
): ForeignUse | null {
  const used = measuredVramBytes(gpus);
  if (gpus === null || used === null) return null;
  const onGpu = loaded.filter((model) => model.vramBytes > 0);
  const models = onGpu.reduce((sum, model) => sum + model.vramBytes, 0);
  // One context more than there are models: the server starts a runner only to ask what the GPU has.
  const allowance = models + CONTEXT_BYTES * (onGpu.length + 1);

  const byName = new Map<string, number>();
  let runners = 0;
  for (const process of gpus.flatMap((gpu) => gpu.processes ?? [])) {
    const bytes = process.vramUsedBytes ?? 0;
    if (bytes <= 0) continue;
    if (isRunner(process.name)) runners += bytes;
    else {
      const name = programName(process.name);
      if (name !== null) byName.set(name, (byName.get(name) ?? 0) + bytes);
    }
  }
  // Runners that hold more than the server's list: one that outlived its server, or a load under way.
  if (runners > allowance) byName.set('llama-server', (byName.get('llama-server') ?? 0) + runners - models);

  const named = [...byName]
    .map(([name, bytes]): VramHolder => ({ name, bytes }))
    .toSorted((one, other) => other.bytes - one.bytes);
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

/** A process of the inference server itself. A `llama-server` outside of Ollama's folder is another program. */
function isRunner(name: string): boolean {
  const path = name.trim().toLowerCase();
  // Its own program, under any folder, and the runners that it starts.
  if (/^ollama runner\b/.test(path) || /(^|[\\/])ollama([ _.]|$)[^\\/]*$/.test(path)) return true;
  return /[\\/]?<?ollama>?[\\/](.*[\\/])?llama[-_]server(\.exe)?$/.test(path);
}

/** The program without its folder; null where the tool gave none (`[N/A]`, `-`, an empty name). */
function programName(name: string): string | null {
  const path = name.trim();
  if (/^(\[.*\]|n\/a|-|unknown( error| process)?)$/i.test(path)) return null;
  const program = oneLine(path.split(/[\\/]/).at(-1) ?? '');
  if (program === '') return null;
  return program.length > LONGEST_NAME ? `${program.slice(0, LONGEST_NAME - 1)}…` : program;
}
