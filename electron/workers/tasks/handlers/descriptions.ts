/** Pictures in words. A model that fails leaves them without, and the rest of the work counts. */
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import { createVision } from '../../media/vision.ts';
import type { Means, ModelServer } from '../means.ts';
import type { HandlerContext } from './handler.ts';
import type { MediaTools } from './media.ts';

/** After so many failures one after the other, the model is not asked again. */
const MOST_FAILURES = 2;

/** In the order of the pictures, null for one that was not described; null if there is no model, or it failed for all. */
export async function describePictures(
  jpegs: readonly Uint8Array[],
  {
    means,
    tools: { clock, send },
    signal,
    log,
    progress,
  }: {
    means: Means<ModelServer>;
    tools: MediaTools;
    signal: AbortSignal;
    log: HandlerContext['log'];
    progress(share: number): void;
  },
): Promise<(string | null)[] | null> {
  if ('gap' in means) {
    if (means.gap !== 'not-set')
      log('The pictures are not described: the gateway cannot be reached from here.');
    return null;
  }
  const vision = createVision({ server: means.server, clock, ...(send === undefined ? {} : { send }) });
  const described: (string | null)[] = [];
  let failures = 0;
  for (const jpeg of jpegs) {
    if (failures >= MOST_FAILURES) break;
    try {
      described.push(await vision.describe(jpeg, signal));
      failures = 0;
    } catch (error) {
      signal.throwIfAborted();
      if (!isPilotlightError(error)) throw error;
      log(`A picture was not described: ${error.message} (${error.code})`);
      described.push(null);
      failures += 1;
    }
    progress(described.length / jpegs.length);
  }
  return jpegs.length > 0 && described.every((text) => text === null) ? null : described;
}
