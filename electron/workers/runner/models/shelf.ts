/** The models of the library, in memory while they are used: loaded by the first request, dropped when idle. */
import { opendir } from 'node:fs/promises';
import { basename } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { errorMessage, fact, type Message } from '../../../../shared/models/message.ts';
import type { RunnerModel } from '../../../../shared/models/runner.ts';
import { toFolderError } from '../../../adapters/source-folder-error.ts';
import type { Log } from '../../../core/ports/log.ts';
import type { Clock, Timer } from '../../../core/ports/time.ts';
import { changeIn, describeFiles, hashOf } from './folder.ts';
import type { LoadedModel, ModelKind, RecogniseOptions } from './kind.ts';
import { checkName, type Library, type LibraryEntry } from './library.ts';

export interface ShelfOptions {
  library: Library;
  kinds: readonly ModelKind[];
  /** After how much idle time a model is dropped, milliseconds; null keeps all. */
  idleMs: number | null;
  clock: Clock;
  log: Log;
}

export interface Shelf {
  list(): RunnerModel[];
  /** What was added, and when (milliseconds since the epoch). */
  added(): readonly Pick<LibraryEntry, 'name' | 'kind' | 'addedAt'>[];
  /** The models in memory. */
  loaded(): readonly { name: string; kind: RunnerModel['kind']; model: LoadedModel }[];
  /**
   * A loaded model of this kind; without a name, the one that was used last. The model stays while `work` runs.
   * @throws PilotlightError: RUNNER_NO_MODEL, and what loading throws
   */
  use<Loaded extends LoadedModel, Value>(
    kind: ModelKind<Loaded>['kind'],
    name: string | null,
    work: (model: Loaded, entry: LibraryEntry) => Promise<Value>,
  ): Promise<Value>;
  /** RUNNER_NO_MODEL, with the models that there are. */
  unknown(name: string): PilotlightError;
  /** Throws RUNNER_BAD_MODEL, RUNNER_BAD_NAME, ALREADY_EXISTS, and what loading throws: a model that does not load is not added. */
  add(
    folder: string,
    options: RecogniseOptions & {
      name: string | null;
      licence?: string | null;
      /** Of another model that has the name. */
      replace?: boolean;
    },
  ): Promise<RunnerModel>;
  /** The files stay. Throws RUNNER_NO_MODEL. */
  remove(name: string): Promise<void>;
  load(name: string): Promise<RunnerModel>;
  drop(name: string): Promise<RunnerModel>;
  /** The name of the model that a request without one gets; null if there is none. */
  usual(kind: RunnerModel['kind']): string | null;
  stop(): Promise<void>;
}

interface Place {
  loading: Promise<LoadedModel> | null;
  model: LoadedModel | null;
  problem: RunnerModel['problem'];
  usedAt: number | null;
  uses: number;
  timer: Timer | null;
}

export function createShelf({ library, kinds, idleMs, clock, log }: ShelfOptions): Shelf {
  const places = new Map<string, Place>();

  function placeOf(name: string): Place {
    const known = places.get(name);
    if (known !== undefined) return known;
    const place: Place = { loading: null, model: null, problem: null, usedAt: null, uses: 0, timer: null };
    places.set(name, place);
    return place;
  }

  /** @param kind null for any */
  function entryOf(name: string | null, kind: RunnerModel['kind'] | null = null): LibraryEntry {
    const entry = name === null ? null : library.find(name);
    if (entry !== null && (kind === null || entry.kind === kind)) return entry;
    throw unknown(name, kind);
  }

  function unknown(name: string | null, kind: RunnerModel['kind'] | null = null): PilotlightError {
    const usable = library.list().filter((one) => kind === null || one.kind === kind);
    const names = usable.map((one) => one.name);
    const models = fact('RUNNER_MODELS_ARE', { names, kind });
    return new PilotlightError('RUNNER_NO_MODEL', {
      message:
        name === null
          ? fact('RUNNER_HAS_NO_MODEL', { kind: kind ?? '' })
          : fact('RUNNER_UNKNOWN_MODEL', { name: name.slice(0, 100), kind, models }),
      details: { models: names },
    });
  }

  function kindOf(entry: Pick<LibraryEntry, 'kind'>): ModelKind {
    const kind = kinds.find((one) => one.kind === entry.kind);
    if (kind === undefined) throw new PilotlightError('RUNNER_BAD_MODEL');
    return kind;
  }

  /** The entry, with the hashes of its files as they are now. */
  async function current(entry: LibraryEntry): Promise<LibraryEntry> {
    const change = changeIn(entry.folder, entry.files);
    if (change === null) return entry;
    if (change.code === 'RUNNER_FILE_MISSING')
      throw new PilotlightError('RUNNER_BAD_MODEL', { message: change });
    const files = await describeFiles(
      entry.folder,
      entry.files.map(({ path }) => path),
    );
    const next = { ...entry, files, hash: hashOf(files) };
    if (next.hash !== entry.hash) log.warn('The files of a model have changed.', { model: entry.name });
    library.put(next);
    return next;
  }

  function loadPlace(name: string): Promise<LoadedModel> {
    const place = placeOf(name);
    if (place.model !== null) return Promise.resolve(place.model);
    place.loading ??= (async () => {
      try {
        const entry = await current(entryOf(name));
        const model = await kindOf(entry).load(entry);
        if (places.get(name) !== place) {
          await model.close();
          throw new PilotlightError('RUNNER_NO_MODEL');
        }
        place.model = model;
        place.problem = null;
        return model;
      } catch (error) {
        place.problem = problemOf(error);
        throw error;
      } finally {
        place.loading = null;
      }
    })();
    return place.loading;
  }

  function isLastText(name: string): boolean {
    if (library.find(name)?.kind !== 'text') return false;
    return ![...places].some(
      ([other, { model }]) => other !== name && model !== null && library.find(other)?.kind === 'text',
    );
  }

  function expire(name: string, place: Place): void {
    place.timer = null;
    if (place.model === null) return;
    if (place.uses > 0 || place.model.isBusy()) startTimer(name, place);
    // The next search should not have to wait for the last one.
    else if (!isLastText(name)) dropPlace(place).catch(() => {});
  }

  function startTimer(name: string, place: Place): void {
    place.timer?.cancel();
    place.timer = idleMs === null ? null : clock.timer(idleMs, () => expire(name, place));
  }

  async function dropPlace(place: Place): Promise<void> {
    place.timer?.cancel();
    place.timer = null;
    const { model } = place;
    place.model = null;
    await model?.close();
  }

  function describe(entry: LibraryEntry): RunnerModel {
    const { name, kind, hash, precision, files, licence } = entry;
    const {
      model = null,
      loading = null,
      problem = null,
      usedAt = null,
      timer = null,
    } = places.get(name) ?? {};
    const state =
      model !== null ? 'ready' : loading !== null ? 'loading' : problem !== null ? 'failed' : 'on-disk';
    return {
      name,
      kind,
      hash,
      precision,
      sizeBytes: files.reduce((size, file) => size + file.sizeBytes, 0),
      dimensions: model?.dimensions ?? null,
      maxTokens: model?.maxTokens ?? null,
      licence,
      state,
      provider: model?.provider() ?? null,
      ladder: [...(model?.ladder() ?? [])],
      problem,
      usedAt,
      expiresAt:
        model === null || timer === null || usedAt === null || idleMs === null || isLastText(name)
          ? null
          : usedAt + idleMs,
    };
  }

  function usual(kind: RunnerModel['kind']): string | null {
    const own = library.list().filter((entry) => entry.kind === kind);
    const usedAt = ({ name }: LibraryEntry) => places.get(name)?.usedAt ?? 0;
    return (
      own.reduce<LibraryEntry | null>(
        (best, one) => (best !== null && usedAt(best) >= usedAt(one) ? best : one),
        null,
      )?.name ?? null
    );
  }

  async function recognise(folder: string, options: RecogniseOptions) {
    try {
      await (await opendir(folder)).close();
    } catch (error) {
      throw toFolderError(error, { folder });
    }
    for (const kind of kinds) {
      const found = await kind.recognise(folder, options);
      if (found !== null) return { kind: kind.kind, ...found };
    }
    throw new PilotlightError('RUNNER_BAD_MODEL', { message: fact('RUNNER_NO_GRAPH', { folder }) });
  }

  return {
    list: () => library.list().map(describe),
    added: () => library.list(),
    loaded: () =>
      [...places].flatMap(([name, { model }]) => {
        const kind = library.find(name)?.kind;
        return model === null || kind === undefined ? [] : [{ name, kind, model }];
      }),
    usual,
    unknown,
    async use(kind, name, work) {
      const entry = entryOf(name ?? usual(kind), kind);
      const wanted = entry.name;
      const place = placeOf(wanted);
      place.uses += 1;
      try {
        const model = await loadPlace(wanted);
        return await work(model as Parameters<typeof work>[0], library.find(wanted) ?? entry);
      } finally {
        place.uses -= 1;
        place.usedAt = clock.now();
        startTimer(wanted, place);
      }
    },
    async add(folder, { name, licence, replace = false, ...options }) {
      const chosenName = checkName(name ?? basename(folder));
      const found = await recognise(folder, options);
      const entry: LibraryEntry = {
        ...found,
        licence: licence ?? found.licence,
        name: chosenName,
        folder,
        hash: hashOf(found.files),
        addedAt: clock.now(),
      };
      const before = library.find(chosenName);
      if (before !== null && before.hash !== entry.hash && !replace)
        throw new PilotlightError('ALREADY_EXISTS', { details: { name: chosenName } });
      // Loaded before it is added: what cannot run is refused, and the one of the same name stays.
      const model = await kindOf(entry).load(entry);
      const place = placeOf(chosenName);
      await dropPlace(place);
      library.put(entry);
      place.model = model;
      place.problem = null;
      place.usedAt = clock.now();
      startTimer(chosenName, place);
      return describe(entry);
    },
    async remove(name) {
      entryOf(name);
      const place = placeOf(name);
      library.remove(name);
      places.delete(name);
      await dropPlace(place);
    },
    async load(name) {
      entryOf(name);
      await loadPlace(name);
      const place = placeOf(name);
      place.usedAt = clock.now();
      startTimer(name, place);
      return describe(entryOf(name));
    },
    async drop(name) {
      const entry = entryOf(name);
      await dropPlace(placeOf(name));
      return describe(entry);
    },
    async stop() {
      await Promise.all([...places.values()].map(dropPlace));
    },
  };
}

function problemOf(error: unknown): { code: string; message: Message } {
  const coded = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code: coded.code, message: errorMessage(coded) };
}
