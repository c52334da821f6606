/** What is remembered of updates: the place in staged releases, the version before, and whether its news were seen. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { UpdateView } from '../../../shared/models/updates.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random } from '../ports/time.ts';
import type { UpdateRecord, Updates } from '../ports/updates.ts';
import { readStart, startedWell } from './update-history.ts';
import { newsSince, newsState, readChanges } from './update-news.ts';

export interface UpdateMemory {
  /** Reads what happened at the start. */
  start(): void;
  place(): number;
  shown(): Pick<UpdateView, 'previous' | 'news'>;
  startedWell(): void;
  /** Lets go of a version that was kept long enough. */
  forgetOld(): void;
  /** Throws DISK_FULL. */
  installing(update: { version: string; kept: string | null; keeps: boolean }): void;
  notInstalling(): void;
  /** Throws UPDATE_NOTHING_KEPT or UPDATE_NEWER_DATA. */
  toGoBackTo(): { version: string; path: string };
  dismissNews(): void;
}

export function createUpdateMemory(options: {
  clock: Pick<Clock, 'now'>;
  random: Random;
  log: Log;
  version: string;
  updates: Pick<Updates, 'records' | 'downloads' | 'changes' | 'state'>;
  activity: Pick<ActivityService, 'record'>;
  onChange(): void;
}): UpdateMemory {
  const { clock, random, log, version, updates, activity, onChange } = options;
  const { records, downloads } = updates;
  let record: UpdateRecord = records.read() ?? {
    place: random(),
    seen: null,
    previous: null,
    unproved: null,
  };
  let news: UpdateView['news'] = null;
  let hasStarted = false;
  /** From before an installation that may still be taken back. */
  let before: UpdateRecord | null = null;

  /** For what has happened already: on a full disk it is only not remembered. */
  function keep(next: UpdateRecord): void {
    record = next;
    try {
      records.write(next);
    } catch (error) {
      log.warn('The record of updates could not be saved.', { error: String(error) });
    }
    onChange();
  }

  function remove(paths: readonly string[]): void {
    for (const path of paths)
      downloads.remove(path).catch((error: unknown) => {
        log.warn('An earlier version could not be deleted.', { path, error: String(error) });
      });
  }

  async function readNews(seen: string): Promise<void> {
    const notes = newsSince(readChanges(await updates.changes()), { seen, running: version });
    if (notes === null || record.seen !== seen) return;
    news = { version, notes };
    onChange();
  }

  return {
    start() {
      if (hasStarted) return;
      hasStarted = true;
      const found = readStart(record, version, clock.now());
      remove(found.remove);
      if (found.update?.kind === 'happened') {
        const { from } = found.update;
        activity.record({
          kind: 'system',
          severity: 'success',
          message: fact('UPDATED', { from, to: version }),
        });
      } else if (found.update !== null) {
        activity.record({
          ...{ kind: 'system', severity: 'warning', notify: true },
          message: fact('UPDATE_DID_NOT_HAPPEN', { version: found.update.version }),
          why: fact('UPDATE_TRY_AGAIN'),
        });
      }
      const { seen } = record;
      const state = newsState(seen, version);
      if (state === 'back')
        activity.record({
          ...{ kind: 'system', severity: 'info' },
          message: fact('WENT_BACK', { from: seen ?? '', to: version }),
        });
      // Unseen news stays unseen until it is dismissed.
      keep({ ...found.record, seen: state === 'first' || state === 'back' ? version : seen });
      if (state === 'newer' && seen !== null)
        readNews(seen).catch((error: unknown) =>
          log.warn('What is new could not be read.', { error: String(error) }),
        );
    },
    place: () => record.place,
    shown: () => ({ previous: record.previous?.path == null ? null : record.previous.version, news }),
    startedWell() {
      const next = startedWell(record, clock.now());
      if (next !== record) keep(next);
    },
    forgetOld() {
      const { record: next, remove: paths } = readStart(record, version, clock.now());
      if (paths.length === 0 || record.unproved !== null) return;
      remove(paths);
      keep(next);
    },
    installing({ version: next, kept, keeps }) {
      const previous = keeps ? { version, path: kept, state: updates.state, keptUntil: null } : null;
      const changed = { ...record, unproved: next, previous };
      records.write(changed);
      before = record;
      record = changed;
    },
    notInstalling() {
      if (before !== null) keep(before);
      before = null;
    },
    toGoBackTo() {
      const { previous } = record;
      if (previous === null || previous.path === null) throw new PilotlightError('UPDATE_NOTHING_KEPT');
      if (updates.state > previous.state) throw new PilotlightError('UPDATE_NEWER_DATA');
      return { version: previous.version, path: previous.path };
    },
    dismissNews() {
      const changed = { ...record, seen: version };
      records.write(changed);
      record = changed;
      news = null;
      onChange();
    },
  };
}
