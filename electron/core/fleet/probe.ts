/** One look at a server: `/api/ps`, and now and then its version and what is installed; or at an agent. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { type LookResult, readFailure } from './node-state.ts';
import { hostOf, isLoopbackHost } from './validate.ts';

const INTERRUPTED = new DOMException('The look was interrupted.', 'AbortError');

/** What is looked at. */
export interface LookTarget {
  kind: 'server' | 'agent';
  url: string;
  /** The models that are loaded there; none at an agent. */
  loaded(signal: AbortSignal): Promise<readonly LoadedModel[]>;
}

/** What the look saw; null when it was stopped or interrupted. Never rejects. */
export async function lookAt(
  target: LookTarget,
  options: { clock: Clock; log: Log; timeoutMs: number; register: (interrupt: () => void) => void },
  signal: AbortSignal,
): Promise<LookResult | null> {
  const { clock, log, timeoutMs, register } = options;
  try {
    const interrupting = new AbortController();
    register(() => interrupting.abort(INTERRUPTED));
    const either = AbortSignal.any([signal, interrupting.signal]);
    const loaded = await withDeadline(clock, timeoutMs, either, (limited) => target.loaded(limited));
    return { kind: 'healthy', loaded };
  } catch (error) {
    if (signal.aborted || error === INTERRUPTED) return null;
    if (!isPilotlightError(error))
      log.error('A look failed in an unforeseen way.', { url: target.url, error: String(error) });
    const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    return readFailure(coded, isLoopbackHost(hostOf(target.url)), target.kind);
  }
}

/** What changes seldom. */
export interface ServerDetails {
  version: string;
  installed: InstalledModel[];
}

export const DETAILS_EVERY_MS = 600_000;

export function readDetails(server: InferenceServer, signal: AbortSignal): Promise<ServerDetails> {
  return Promise.all([server.version(signal), server.installed(signal)]).then(([version, installed]) => ({
    version,
    installed,
  }));
}

/** Whether something is loaded that the list of installed models does not know. */
export function hasUnknownModel(
  loaded: readonly LoadedModel[],
  installed: readonly InstalledModel[],
): boolean {
  return loaded.some(
    (model) => !installed.some((one) => one.name === model.name && one.digest === model.digest),
  );
}
