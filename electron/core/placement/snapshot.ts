import { measuredVramBytes } from '../../../shared/vram.ts';
import type { MoveDependencies, MoveRequest, Snapshot } from './move.ts';
import { findLoaded } from './verify.ts';

/** What is loaded and in use at this moment. */
export async function takeSnapshot(
  deps: Pick<MoveDependencies, 'readGpus'>,
  request: Pick<MoveRequest, 'server' | 'model'>,
  signal: AbortSignal,
): Promise<Snapshot> {
  const gpus = await deps.readGpus(signal);
  const loaded = await request.server.loaded(signal);
  return { loaded, current: findLoaded(loaded, request.model), usedBytes: measuredVramBytes(gpus), gpus };
}
