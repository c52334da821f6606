/** Moves the vectors of a folder to another engine in the background, and checks that Qdrant can be used. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import type { IndexWarning, SourceRecord, VectorEngineName } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { Trouble } from '../../../shared/models/node-state.ts';
import { isOfQdrant, reasonOf, troubleOf } from './failures.ts';
import type { IndexHandles } from './index-handles.ts';
import type { IndexingDependencies } from './model.ts';

export interface VectorMove {
  to: VectorEngineName;
  done: number;
  total: number;
}

export interface VectorMoves {
  /** Throws JOB_RUNNING if one is running, QDRANT_NOT_SET. */
  start(source: SourceRecord, to: VectorEngineName): void;
  /** The vectors stay where they are. Resolves when it has ended. */
  cancel(sourceId: string): Promise<void>;
  current(sourceId: string): VectorMove | null;
  /** Why the last one failed; null if it did not. */
  trouble(sourceId: string): Trouble | null;
  /** What is wrong with Qdrant, if it is in use. */
  warnings(sources: readonly SourceRecord[], signal: AbortSignal): Promise<IndexWarning[]>;
  stop(): Promise<void>;
}

/** How often the progress of a move is shown, milliseconds. */
const SHOWN_EVERY_MS = 500;

export function createVectorMoves({
  clock,
  log,
  settings,
  activity,
  vectors,
  handles,
  onChanged,
}: Pick<IndexingDependencies, 'clock' | 'log' | 'settings' | 'activity' | 'vectors'> & {
  handles: IndexHandles;
  /** @param isMoved the index has to be read again */
  onChanged(sourceId: string, isMoved: boolean): void;
}): VectorMoves {
  const running = new Map<string, VectorMove & { cancel: AbortController; ended: Promise<void> }>();
  const troubles = new Map<string, Trouble>();

  async function run(source: SourceRecord, move: VectorMove, signal: AbortSignal): Promise<void> {
    let shownAt = Number.NEGATIVE_INFINITY;
    try {
      const index = await handles.get(source);
      await index.moveVectors(move.to, signal, (done, total) => {
        Object.assign(move, { done, total });
        if (clock.monotonic() - shownAt < SHOWN_EVERY_MS) return;
        shownAt = clock.monotonic();
        onChanged(source.id, false);
      });
      activity.record({
        ...{ kind: 'index', severity: 'info' },
        message: fact('VECTORS_MOVED', { folder: source.name, to: move.to }),
      });
    } catch (error) {
      if (signal.aborted) return;
      log.warn('The vectors of a folder could not be moved.', { source: source.id, error: String(error) });
      if (isPilotlightError(error)) troubles.set(source.id, troubleOf(error));
      activity.record({
        ...{ kind: 'index', severity: 'warning' },
        message: fact('VECTORS_NOT_MOVED', { folder: source.name, to: move.to, reason: reasonOf(error) }),
      });
    } finally {
      running.delete(source.id);
      onChanged(source.id, true);
    }
  }

  async function cancel(sourceId: string): Promise<void> {
    const move = running.get(sourceId);
    move?.cancel.abort(new PilotlightError('CANCELLED'));
    await move?.ended;
  }

  return {
    start(source, to) {
      if (running.has(source.id)) {
        throw new PilotlightError('JOB_RUNNING', { message: fact('VECTORS_ARE_BEING_MOVED') });
      }
      if (to === 'qdrant' && settings.current().index.qdrantUrl === null) {
        throw new PilotlightError('QDRANT_NOT_SET');
      }
      troubles.delete(source.id);
      const controller = new AbortController();
      const move = {
        ...{ to, done: 0, total: 0, cancel: controller },
        ended: Promise.resolve(),
      };
      running.set(source.id, move);
      move.ended = run(source, move, controller.signal);
    },
    cancel,
    current(sourceId) {
      const move = running.get(sourceId);
      return move === undefined ? null : { to: move.to, done: move.done, total: move.total };
    },
    trouble: (sourceId) => troubles.get(sourceId) ?? null,
    async warnings(sources, signal) {
      const { vectorEngine, qdrantUrl } = settings.current().index;
      const users: string[] = [];
      for (const source of sources) {
        const state = await handles
          .get(source)
          .then((index) => index.meta())
          .catch(() => null);
        if (state?.vectors?.engine === 'qdrant') users.push(source.name);
      }
      if (users.length === 0 && vectorEngine === 'builtin') return [];
      try {
        if (qdrantUrl === null) throw new PilotlightError('QDRANT_NOT_SET');
        await vectors.checkEngine(signal);
        return [];
      } catch (error) {
        if (!isPilotlightError(error) || !isOfQdrant(error.code)) throw error;
        const { code, message, next } = troubleOf(error);
        return [{ code, message, next, folders: users }];
      }
    },
    async stop() {
      // What was interrupted continues when it is started again.
      for (const move of running.values()) move.cancel.abort(new PilotlightError('STOPPING'));
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}
