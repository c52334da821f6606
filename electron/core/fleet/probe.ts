/** One probe of a server: `/api/ps`, and now and then its version and what is installed; or at an agent. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { InstalledModel, LoadedModel } from '../../../shared/models/placement.ts';
import type { InferenceServer } from '../ports/inference.ts';
import type { Log } from '../ports/log.ts';
import type { Clock } from '../ports/time.ts';
import { withDeadline } from '../runtime/with-deadline.ts';
import { type ProbeResult, readFailure } from './node-state.ts';
import { hostOf, isLoopbackHost } from './validate.ts';

const INTERRUPTED = new DOMException('The probe was interrupted.', 'AbortError');

/** What is probed. */
export interface ProbeTarget {
  kind: 'server' | 'agent';
  url: string;
  /** The models that are loaded there; none at an agent. */
  loaded(signal: AbortSignal): Promise<readonly LoadedModel[]>;
}

/** How to probe a server: by what is loaded where it says that, else by whether it answers at all. */
export function serverTarget(server: InferenceServer): ProbeTarget {
  const loaded = server.capabilities.has('says-placement')
    ? server.loaded
    : (signal: AbortSignal) => server.version(signal).then(() => NO_MODELS);
  return { kind: 'server', url: server.url, loaded };
}

/** The same array each time, so that nothing seems to change. */
export const NO_MODELS: readonly LoadedModel[] = [];

/** What the probe found; null when it was stopped or interrupted. Never rejects. */
export async function probeTarget(
  target: ProbeTarget,
  options: { clock: Clock; log: Log; timeoutMs: number; register: (interrupt: () => void) => void },
  signal: AbortSignal,
): Promise<ProbeResult | null> {
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
      log.error('A probe failed unexpectedly.', { url: target.url, error: String(error) });
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

export async function readDetails(server: InferenceServer, signal: AbortSignal): Promise<ServerDetails> {
  const [version, installed] = await Promise.all([
    server.version(signal),
    server.capabilities.has('lists-models') ? server.installed(signal) : [],
  ]);
  return { version, installed };
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
