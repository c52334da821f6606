/**
 * One run on another server, from waking its machines to its end. A server without an answer is silent, never finished:
 * it is asked again until it answers, or until a person stops following it.
 */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { RemoteEnd, RemoteIndexRecord, RemoteRun } from '../../../shared/models/remote-index.ts';
import { troubleOf } from '../indexing/failures.ts';
import type { Clock, Random } from '../ports/time.ts';
import type { RecallEnd, RecallNow, RecallProgress } from './recall-answers.ts';
import type { RecallClient } from './recall-client.ts';

export interface RunWorld {
  clock: Clock;
  random: Random;
  signal: AbortSignal;
  record(): RemoteIndexRecord;
  run(): RemoteRun;
  /** Changes the run; what must survive a crash is saved. Throws DISK_FULL if that is not possible. */
  change(changes: Partial<RemoteRun>, kept?: 'saved'): void;
  /** With the address and the key as they are now. */
  client(): RecallClient;
  /** Resolves after this time, or when something has changed that a run waits for. */
  wait(ms: number): Promise<void>;
  /** Takes the leases of its machines, if they are not held. */
  hold(): void;
  /** Ends them. */
  release(): void;
  wake(): Promise<void>;
  onLongSilence(): void;
}

export type RunOutcome = Pick<RemoteEnd, 'status' | 'indexed' | 'trouble'>;

const POLL_MS = 2000;
const LONGEST_WAIT_MS = 60_000;
/** A server may take so long to answer after its machine is awake. */
const BACK_MS = 180_000;
/** After so much silence, its machines are no longer kept awake. */
const SILENT_MS = 300_000;
/** A start whose answer was lost is repeated if the server shows no trace of it. */
const MOST_STARTS = 3;

export async function driveRun(world: RunWorld): Promise<RunOutcome> {
  const { clock, random, signal, run, change, client } = world;
  let silentSince: number | null = null;
  let isReleased = false;
  let failures = 0;

  function answered(): void {
    failures = 0;
    silentSince = null;
    isReleased = false;
    world.hold();
    const { phase, jobId, cancelRequested } = run();
    const active = jobId === null ? 'starting' : cancelRequested ? 'cancelling' : 'running';
    change({ answeredAt: clock.now(), trouble: null, phase: active }, phase === active ? undefined : 'saved');
  }

  function noteSilence(error: PilotlightError): void {
    silentSince ??= clock.monotonic();
    const trouble = troubleOf(error);
    const isNew = run().phase !== 'silent' || run().trouble?.code !== trouble.code;
    change({ phase: 'silent', trouble }, isNew ? 'saved' : undefined);
    if (isReleased || clock.monotonic() - silentSince < SILENT_MS) return;
    isReleased = true;
    world.release();
    world.onLongSilence();
  }

  /**
   * Asks until there is an answer. Before anything was started there, a clear refusal is the answer, and so is silence
   * for longer than `limitMs`.
   */
  async function reach<Answer>(ask: () => Promise<Answer>, limitMs: number | null): Promise<Answer> {
    const since = clock.monotonic();
    for (;;) {
      try {
        const answer = await ask();
        answered();
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfServer(error)) throw error;
        if (limitMs === null) noteSilence(error);
        else if (!mayPass(error) || clock.monotonic() - since >= limitMs) throw error;
        failures += 1;
        const waitMs = Math.min(LONGEST_WAIT_MS, POLL_MS * 2 ** Math.min(10, failures - 1));
        await world.wait(waitMs * (0.9 + random() * 0.2));
      }
    }
  }

  /** Finds the job of this run, or starts it; never twice. */
  async function obtainJob(): Promise<void> {
    let failed: PilotlightError | null = null;
    for (let starts = 0; ; ) {
      const wasAsked = run().knownJobs !== null;
      const limitMs = wasAsked ? null : world.record().nodeIds.length > 0 ? BACK_MS : 0;
      const now = await reach(() => client().now(signal), limitMs);
      if (await findJob(now)) return;
      if (run().cancelRequested) throw new PilotlightError('CANCELLED');
      if (failed !== null && (starts >= MOST_STARTS || !isLost(failed))) throw failed;
      if (run().knownJobs === null) {
        const knownJobs = await reach(() => client().jobIds(signal), limitMs);
        if (run().cancelRequested) throw new PilotlightError('CANCELLED');
        change({ knownJobs, phase: 'starting' }, 'saved');
      }
      starts += 1;
      try {
        const { vault, useGpu } = world.record();
        const { full, rebuild } = run();
        const jobId = await client().start({ vault, useGpu, full, rebuild }, signal);
        change({ jobId, found: false, phase: 'running' }, 'saved');
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (!isOfServer(error) || !mayHaveStarted(error)) throw error;
        failed = error;
      }
    }
  }

  async function findJob(now: RecallNow): Promise<boolean> {
    const known = run().knownJobs;
    const isOurs = (jobId: string) => known !== null && !known.includes(jobId);
    if (now.kind === 'running') {
      const found = !isOurs(now.jobId);
      if (found && (run().full || run().rebuild)) throw new PilotlightError('REMOTE_INDEX_BUSY');
      change({ jobId: now.jobId, found, phase: 'running', ...now.progress }, 'saved');
      return true;
    }
    if (known === null) return false;
    const started = (await reach(() => client().jobIds(signal), null)).find(isOurs);
    if (started === undefined) return false;
    change({ jobId: started, found: false, phase: 'running' }, 'saved');
    return true;
  }

  async function follow(jobId: string): Promise<RunOutcome> {
    let isCancelSent = false;
    for (;;) {
      if (run().cancelRequested && !isCancelSent) {
        await reach(() => client().cancel(jobId, signal), null);
        isCancelSent = true;
      }
      const state = await readState(jobId);
      if (state.end !== null) return outcomeOf(state.end, run().cancelRequested);
      if (state.progress !== null) change(state.progress);
      await world.wait(POLL_MS);
    }
  }

  /** A server that was restarted may know its last job although it does not know it by its id. */
  async function readState(
    jobId: string,
  ): Promise<{ end: RecallEnd | null; progress: RecallProgress | null }> {
    const job = await reach(() => client().job(jobId, signal), null);
    if (job?.kind === 'unfinished') return { end: null, progress: job.progress };
    if (job !== null) return { end: job, progress: null };
    const now = await reach(() => client().now(signal), null);
    if (now.kind === 'running' && now.jobId === jobId) return { end: null, progress: now.progress };
    if (now.kind === 'idle' && now.lastJob?.jobId === jobId) return { end: now.lastJob, progress: null };
    throw new PilotlightError('REMOTE_JOB_LOST');
  }

  world.hold();
  if (run().jobId === null) {
    if (run().knownJobs === null) await world.wake();
    change({ phase: 'starting' });
    await obtainJob();
  }
  const { jobId } = run();
  if (jobId === null) throw new PilotlightError('INTERNAL');
  return follow(jobId);
}

function outcomeOf({ status, indexed, error }: RecallEnd, wasCancelled: boolean): RunOutcome {
  if (status === 'completed') return { status, indexed, trouble: null };
  if (wasCancelled) return { status: 'cancelled', indexed, trouble: null };
  const failure = new PilotlightError(
    'REMOTE_JOB_FAILED',
    error === '' ? {} : { message: fact('REMOTE_JOB_ERROR', { said: error }) },
  );
  return { status: 'failed', indexed, trouble: troubleOf(failure) };
}

const ofServer: ReadonlySet<string> = new Set([
  'REMOTE_INDEX_UNREACHABLE',
  'REMOTE_INDEX_REFUSED',
  'REMOTE_INDEX_FAILED',
  'NOT_A_RECALL_SERVER',
]);

/** What a server, or what is in front of it, answered instead; anything else is an error of our own. */
const isOfServer = (error: unknown): error is PilotlightError =>
  isPilotlightError(error) && ofServer.has(error.code);

const isLost = ({ code }: PilotlightError): boolean => code === 'REMOTE_INDEX_UNREACHABLE';

/** Passes by itself while a machine starts: no connection yet, or a proxy without its server. */
const mayPass = (error: PilotlightError): boolean => isLost(error) || statusOf(error) >= 500;

/** A refusal starts nothing. Whoever answers with a failure, or with something else, may have started it before. */
const mayHaveStarted = (error: PilotlightError): boolean => {
  const status = statusOf(error);
  return status < 400 || status >= 500;
};

const statusOf = ({ details }: PilotlightError): number =>
  typeof details?.status === 'number' ? details.status : 0;
