/** The history of moves: saved, with the newest ones on the `moves` stream. */
import type { MoveRecord } from '../../../shared/models/placement.ts';
import type { Log } from '../ports/log.ts';
import type { Store } from '../ports/state.ts';
import type { Streams } from '../runtime/streams.ts';

export interface MoveHistory {
  append(move: Omit<MoveRecord, 'id'>): MoveRecord;
  /** Newest first. */
  list(limit: number): MoveRecord[];
  /** A later load made this result out of date. */
  supersede(move: MoveRecord): void;
}

const STREAMED = 200;

export function createMoveHistory(deps: {
  store: Pick<Store, 'moves'>;
  streams: Pick<Streams, 'moves'>;
  log: Log;
}): MoveHistory {
  const { store, streams, log } = deps;
  const shown: string[] = [];
  const show = (move: MoveRecord) => {
    streams.moves.set(String(move.id), move);
    shown.push(String(move.id));
    while (shown.length > STREAMED) streams.moves.delete(shown.shift() ?? '');
  };
  for (const move of store.moves.list(STREAMED).reverse()) show(move);

  return {
    append(move) {
      try {
        const saved = store.moves.append(move);
        show(saved);
        return saved;
      } catch (error) {
        // The move itself is done, and must not fail because it cannot be saved.
        log.error('A move could not be saved.', { model: move.model, error: String(error) });
        return { ...move, id: 0 };
      }
    },
    list: (limit) => store.moves.list(limit),
    supersede(move) {
      const key = String(move.id);
      if (streams.moves.get(key) !== undefined) streams.moves.set(key, { ...move, superseded: true });
    },
  };
}
