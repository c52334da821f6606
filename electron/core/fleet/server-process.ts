/** Whether a server was restarted between two probes. Pure: (before, what was seen) → after. */
import type { LoadedModel } from '../../../shared/models/placement.ts';
import type { ProcessChange } from './gpu-state.ts';

/** What an agent reports about the server process on its machine. */
export interface ServerReport {
  bootId: string;
  /** By the machine's clock, milliseconds since the epoch; null if not known. */
  startedAt: number | null;
  /** Restarts that the agent has noticed since it started; null from an older agent. */
  restarts: number | null;
}

/**
 * `refused`: nothing listens on the server's port, so its process has ended. `broken`: a connection to it was closed,
 * by the server or on the way.
 */
export type ConnectionLoss = 'refused' | 'broken';

export interface ServerProcess {
  /** As last reported; kept while the agent is silent. */
  report: ServerReport | null;
  /** By the server itself; null if not read yet. */
  version: string | null;
  /** The worst that happened to a connection since the last answer; null for nothing. */
  lostConnection: ConnectionLoss | null;
  /** A restart was noticed before the agent reported it. Until then, monotonic, its report is about the old process. */
  reportStaleUntil: number | null;
}

export const initialServerProcess: ServerProcess = {
  report: null,
  version: null,
  lostConnection: null,
  reportStaleUntil: null,
};

export interface ServerAnswer {
  /** Monotonic milliseconds. */
  now: number;
  report: ServerReport | null;
  version: string | null;
  /** All models disappeared although none had expired or was unloaded by this core. */
  modelsVanished: boolean;
}

/** An agent that does not count restarts reads its facts again within a minute. */
const REPORT_STALE_MS = 65_000;
/** Start times closer than this are of the same process: they are read from two clocks. */
const START_TOLERANCE_MS = 2000;

export function withLostConnection(process: ServerProcess, loss: ConnectionLoss): ServerProcess {
  if (process.lostConnection === 'refused' || process.lostConnection === loss) return process;
  return { ...process, lostConnection: loss };
}

/** After a probe that was answered. `trusted`: the agent's report is about this process. */
export function afterAnswer(
  previous: ServerProcess,
  { now, report, version, modelsVanished }: ServerAnswer,
): { process: ServerProcess; change: ProcessChange; trusted: boolean } {
  const compared = compare(previous.report, report);
  const awaited = previous.reportStaleUntil !== null && now < previous.reportStaleUntil;
  const isNew =
    previous.lostConnection === 'refused' ||
    (previous.lostConnection === 'broken' && modelsVanished) ||
    (previous.version !== null && version !== null && previous.version !== version);
  // A report that arrives late is about the restart that was noticed before.
  const change: ProcessChange = isNew || (compared === 'new' && !awaited) ? 'new' : compared;
  const reportStaleUntil =
    compared === 'new' ? null : isNew ? now + REPORT_STALE_MS : awaited ? previous.reportStaleUntil : null;
  return {
    process: {
      report: report ?? previous.report,
      version: version ?? previous.version,
      lostConnection: null,
      reportStaleUntil,
    },
    change: compared === 'new' && awaited && !isNew ? 'same' : change,
    trusted: reportStaleUntil === null,
  };
}

function compare(before: ServerReport | null, now: ServerReport | null): ProcessChange {
  if (before === null || now === null) return 'unknown';
  if (before.bootId !== now.bootId) return 'new';
  if (isLater(before.restarts, now.restarts, 0)) return 'new';
  if (isLater(before.startedAt, now.startedAt, START_TOLERANCE_MS)) return 'new';
  const identified = now.startedAt !== null || now.restarts !== null;
  return identified && before.startedAt === now.startedAt && before.restarts === now.restarts
    ? 'same'
    : 'unknown';
}

const isLater = (before: number | null, now: number | null, tolerance: number) =>
  before !== null && now !== null && now - before > tolerance;

/**
 * Whether all models disappeared although each could have stayed. Alone this is no restart, because other programs
 * unload models, too. `unloaded`: names that this core asked the server to unload.
 */
export function allVanished(
  before: readonly LoadedModel[],
  after: readonly LoadedModel[],
  { now, unloaded }: { now: number; unloaded: ReadonlySet<string> },
): boolean {
  if (before.length === 0) return false;
  return before.every(
    (model) =>
      !after.some(({ name }) => name === model.name) &&
      !unloaded.has(model.name) &&
      (model.expiresAt === null || model.expiresAt > now),
  );
}
