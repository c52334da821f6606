/** One probe of a server or an agent, and the server's version and installed models. */

import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
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
  /** The models loaded there; none at an agent. */
  loaded(signal: AbortSignal): Promise<readonly LoadedModel[]>;
}

/** Probes a server through its loaded models. One that doesn't report them answers all the same, with none. */
export function serverTarget(server: InferenceServer): ProbeTarget {
  const loaded = async (signal: AbortSignal) => {
    const models = await server.loaded(signal);
    // Asked only now, because a server is known once it has answered.
    return server.capabilities.has('says-placement') ? models : NO_MODELS;
  };
  return { kind: 'server', url: server.url, loaded };
}

/** The same array each time, so that comparisons see no change. */
export const NO_MODELS: readonly LoadedModel[] = [];

/** Resolves with what the probe found; null if it was stopped or interrupted. Never rejects. */
export async function probeTarget(
  target: ProbeTarget,
  options: { clock: Clock; log: Log; timeoutMs: number; register: (interrupt: () => void) => void },
  signal: AbortSignal,
): Promise<ProbeResult | null> {
  const { clock, log, timeoutMs, register } = options;
  try {
    const interrupting = new AbortController();
    register(() => interrupting.abort(INTERRUPTED));
    using either = eitherOf(signal, interrupting.signal);
    const loaded = await withDeadline(clock, timeoutMs, either.signal, (limited) => target.loaded(limited));
    return { kind: 'healthy', loaded };
  } catch (error) {
    if (signal.aborted || error === INTERRUPTED) return null;
    if (!isPilotlightError(error))
      log.error('A probe failed unexpectedly.', { url: target.url, error: String(error) });
    const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    return readFailure(coded, isLoopbackHost(hostOf(target.url)), target.kind);
  }
}

/** Rarely changes, so it is read less often. */
export interface ServerDetails {
  /** null if the server answers, but does not say. */
  version: string | null;
  installed: InstalledModel[];
  /** Models that it lists and that run elsewhere. */
  cloudModels: InstalledModel[];
}

export const DETAILS_EVERY_MS = 600_000;

export async function readDetails(server: InferenceServer, signal: AbortSignal): Promise<ServerDetails> {
  const [version, installed] = await Promise.all([
    server.version(signal).catch(nullIfUnclear),
    server.capabilities.has('lists-models') ? server.installed(signal, { withCloud: true }) : [],
  ]);
  return {
    version,
    installed: installed.filter(({ cloud = false }) => !cloud),
    cloudModels: installed.filter(({ cloud = false }) => cloud),
  };
}

/** An odd answer about its version must not hide the models of a server. */
function nullIfUnclear(error: unknown): null {
  if (isPilotlightError(error) && error.code === 'NOT_AN_INFERENCE_SERVER') return null;
  throw error;
}

/** Whether a loaded model is missing from the list of installed models. */
export function hasUnknownModel(
  loaded: readonly LoadedModel[],
  installed: readonly InstalledModel[],
): boolean {
  return loaded.some(
    (model) => !installed.some((one) => one.name === model.name && one.digest === model.digest),
  );
}
