/** Indexes on other servers: started, followed, cancelled, and their machines awake meanwhile. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import type { NewActivityEntry } from '../../../shared/models/activity.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import type { RemoteIndexRecord, RemoteRun } from '../../../shared/models/remote-index.ts';
import { createSharedLeases } from '../acquire/shared-leases.ts';
import { normaliseIndexUrl } from '../fleet/validate.ts';
import { troubleOf } from '../indexing/failures.ts';
import type { RemoteIndexDependencies, RemoteIndexService } from './model.ts';
import { createRecallClient } from './recall-client.ts';
import { createRemoteRecords, isRunning } from './remote-records.ts';
import { driveRun, type RunOutcome } from './remote-run.ts';

interface Driver {
  controller: AbortController;
  /** Ends the wait in progress. */
  nudge(): void;
  ended: Promise<void>;
}

export function createRemoteIndexService(dependencies: RemoteIndexDependencies): RemoteIndexService {
  const { clock, random, log, http, activity, fleet, wakes } = dependencies;
  const leases = createSharedLeases(dependencies.leases);
  const records = createRemoteRecords(dependencies);
  const drivers = new Map<string, Driver>();
  let stopped = false;

  const record = (
    entry: Pick<NewActivityEntry, 'severity' | 'message' | 'notify'> & { why?: string | null },
  ) =>
    activity.record({
      ...{ kind: 'index', ...entry },
      why: entry.why === undefined || entry.why === null ? null : plainText(entry.why),
    });

  /** What has happened cannot fail: it is shown, and saved with the next change. */
  function keep(changed: RemoteIndexRecord): void {
    try {
      records.put(changed, true);
    } catch (error) {
      log.warn('A run on another server could not be saved.', { remote: changed.id, error: String(error) });
      records.put(changed, false);
    }
  }

  function drive(remoteId: string): void {
    const controller = new AbortController();
    const { signal } = controller;
    let wake = () => {};
    let held: Disposable[] = [];

    const runOf = (): RemoteRun => {
      const { run } = records.require(remoteId);
      if (run === null) throw new PilotlightError('INTERNAL');
      return run;
    };
    const nodes = () => records.require(remoteId).nodeIds.filter((nodeId) => fleet.get(nodeId) !== null);
    const release = () => {
      for (const lease of held) lease[Symbol.dispose]();
      held = [];
    };

    const work = driveRun({
      ...{ clock, random, signal, release },
      record: () => records.require(remoteId),
      run: runOf,
      change(changes, kept) {
        const before = records.require(remoteId);
        const changed = { ...before, run: { ...runOf(), ...changes } };
        // Before a start is sent, it must be known that it was.
        if (changes.knownJobs !== undefined) records.put(changed, true);
        else if (kept === 'saved') keep(changed);
        else records.put(changed, false);
      },
      client() {
        const { url } = records.require(remoteId);
        return createRecallClient({ http, url, key: records.key(remoteId) });
      },
      async wait(ms) {
        const early = new AbortController();
        wake = () => early.abort();
        using either = eitherOf(signal, early.signal);
        await clock.sleep(ms, either.signal).catch(() => signal.throwIfAborted());
      },
      hold() {
        if (held.length > 0) return;
        const purpose = fact('REMOTE_INDEXING', { name: records.require(remoteId).name });
        held = nodes().map((nodeId) => leases.hold({ nodeId, by: 'job', purpose }));
      },
      async wake() {
        const others = new AbortController();
        using either = eitherOf(signal, others.signal);
        const options = { signal: either.signal, by: 'job' } as const;
        const waking = nodes().map((nodeId) => wakes.ensureAwake(nodeId, options));
        try {
          await Promise.all(waking);
        } finally {
          others.abort(new PilotlightError('CANCELLED'));
          await Promise.allSettled(waking);
        }
      },
      onLongSilence() {
        const { name, run } = records.require(remoteId);
        const why = run?.trouble?.message ?? null;
        record({ severity: 'warning', message: fact('REMOTE_INDEX_SILENT', { name }), why, notify: true });
      },
    });

    const ended = work
      .then(
        (outcome) => finish(remoteId, outcome),
        (error: unknown) => {
          // The run continues there, and is followed again after the next start.
          if (!stopped) finish(remoteId, failureOf(error));
        },
      )
      .finally(() => {
        release();
        drivers.delete(remoteId);
      });
    drivers.set(remoteId, { controller, nudge: () => wake(), ended });
  }

  function failureOf(error: unknown): RunOutcome {
    const known = isPilotlightError(error) ? error : new PilotlightError('INTERNAL', { cause: error });
    if (known === forgotten) return { status: 'unknown', indexed: null, trouble: null };
    if (known.code === 'CANCELLED') return { status: 'cancelled', indexed: null, trouble: null };
    if (!isPilotlightError(error)) log.error('A run on another server failed.', { error: String(error) });
    return { status: 'failed', indexed: null, trouble: troubleOf(known) };
  }

  function finish(remoteId: string, { status, indexed, trouble }: RunOutcome): void {
    const before = records.get(remoteId);
    if (before === null || before.run === null) return;
    const { startedAt } = before.run;
    keep({ ...before, run: null, lastRun: { status, startedAt, endedAt: clock.now(), indexed, trouble } });
    const { name } = before;
    switch (status) {
      case 'completed':
        record({
          severity: 'success',
          message: fact('REMOTE_INDEX_FINISHED', { name, indexed }),
          notify: true,
        });
        return;
      case 'failed': {
        const reason = plainText(trouble?.message ?? '');
        const message = fact('REMOTE_INDEX_RUN_FAILED', { name, reason });
        record({ severity: 'error', message, why: trouble?.next ?? null, notify: true });
        return;
      }
      case 'cancelled':
        record({ severity: 'info', message: fact('REMOTE_INDEX_CANCELLED', { name }), notify: false });
        return;
      case 'unknown':
        record({ severity: 'info', message: fact('REMOTE_INDEX_FORGOTTEN', { name }), notify: false });
    }
  }

  return {
    list: () => records.list().map(records.view),
    add(remote) {
      const added = records.add(remote);
      const message = fact('REMOTE_INDEX_ADDED', { name: added.name });
      record({ severity: 'info', message, notify: false });
      return added;
    },
    update(change) {
      const updated = records.update(change);
      if (change.key !== undefined) drivers.get(change.remoteId)?.nudge();
      return updated;
    },
    remove(remoteId) {
      const { name } = records.require(remoteId);
      records.remove(remoteId);
      record({ severity: 'info', message: fact('REMOTE_INDEX_REMOVED', { name }), notify: false });
    },
    async test({ url: written, key, remoteId }, signal) {
      const url = normaliseIndexUrl(written);
      const known = remoteId === null ? null : records.keyFor(remoteId, url);
      const client = createRecallClient({ http, url, key: key ?? known });
      const startedAt = clock.monotonic();
      const now = await client.now(signal);
      const jobs = (await client.jobIds(signal)).length;
      return { url, running: now.kind === 'running', jobs, tookMs: clock.monotonic() - startedAt };
    },
    startRun({ remoteId, full, rebuild }) {
      const known = records.require(remoteId);
      if (known.run !== null) throw isRunning(remoteId);
      if (stopped) throw new PilotlightError('STOPPING');
      const phase = known.nodeIds.length > 0 ? 'waking' : 'starting';
      const run: RemoteRun = {
        ...{ full, rebuild, startedAt: clock.now(), phase, jobId: null, knownJobs: null, found: false },
        ...{ cancelRequested: false, processed: 0, total: 0, percent: 0, etaMs: null, currentFile: '' },
        ...{ answeredAt: null, trouble: null },
      };
      records.put({ ...known, run }, true);
      drive(remoteId);
      return records.view(records.require(remoteId));
    },
    cancelRun({ remoteId, forget }) {
      const known = records.require(remoteId);
      const { run } = known;
      if (run === null) return records.view(known);
      if (forget && run.phase !== 'silent') {
        throw new PilotlightError('JOB_RUNNING', {
          message: fact('REMOTE_INDEX_IS_FOLLOWED'),
          details: { remoteId },
        });
      }
      const shown = records.put({ ...known, run: { ...run, cancelRequested: true } }, true);
      const driver = drivers.get(remoteId);
      if (forget) driver?.controller.abort(forgotten);
      else if (run.jobId === null && run.knownJobs === null) {
        // Nothing has been asked for there.
        driver?.controller.abort(new PilotlightError('CANCELLED'));
      } else driver?.nudge();
      return shown;
    },
    start({ resume }) {
      if (!resume) return;
      for (const { id, run } of records.list()) if (run !== null && !drivers.has(id)) drive(id);
    },
    async stop() {
      stopped = true;
      const all = [...drivers.values()];
      for (const { controller } of all) controller.abort(new PilotlightError('STOPPING'));
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

/** Why a run is no longer followed: a person gave up on its server. */
const forgotten = new PilotlightError('CANCELLED', { details: { forgotten: true } });
