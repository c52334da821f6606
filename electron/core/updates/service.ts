/** Updates of Pilotlight itself: checked for only where a person agreed, verified, downloaded, installed, and taken back. */
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { eitherOf } from '../../../shared/either.ts';
import { errorMessage, type Message, plainText } from '../../../shared/models/message.ts';
import type { Settings } from '../../../shared/models/settings.ts';
import type { UpdateView } from '../../../shared/models/updates.ts';
import type { ActivityService } from '../activity/service.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Random, Timer } from '../ports/time.ts';
import type { Release, Updates } from '../ports/updates.ts';
import { type Loop, startLoop } from '../runtime/loop.ts';
import type { Streams } from '../runtime/streams.ts';
import { fileFormOf, insteadOf, mayCheck } from './installation.ts';
import { createUpdateDownload } from './update-download.ts';
import { createUpdateMemory } from './update-memory.ts';
import { type Finding, judgeRelease, offerOf } from './update-offer.ts';

export interface UpdatesService {
  start(): void;
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
  view(): UpdateView;
  /** Rejects with UPDATES_ELSEWHERE, UPDATE_NO_ADDRESS, UPDATE_BUSY and the errors of `ReleaseSource`. */
  check(signal: AbortSignal): Promise<UpdateView>;
  /** Begins to download; throws UPDATES_ELSEWHERE, UPDATE_NONE or UPDATE_BUSY. */
  download(): UpdateView;
  /** Resolves when nothing is in progress any more. */
  cancel(): Promise<UpdateView>;
  install(options: { restart: boolean; signal: AbortSignal }): Promise<UpdateView>;
  goBack(signal: AbortSignal): Promise<UpdateView>;
  dismissNews(): UpdateView;
}

export interface UpdatesDependencies {
  clock: Clock;
  random: Random;
  log: Log;
  version: string;
  updates: Updates;
  streams: Pick<Streams, 'updates'>;
  settings: {
    current(): Pick<Settings, 'updates'>;
    onChange(listener: (settings: Pick<Settings, 'updates'>) => void): () => void;
  };
  activity: Pick<ActivityService, 'record'>;
}

const CHECK_EVERY_MS = 86_400_000;
/** After the start, which has more important things to do. */
const FIRST_CHECK_MS = 60_000;
/** A program that has run for this long has started well. */
const WELL_MS = 60_000;

export function createUpdatesService(dependencies: UpdatesDependencies): UpdatesService {
  const { clock, random, log, version, updates, streams, settings, activity } = dependencies;
  const { form, installer, source } = updates;
  const checks = mayCheck(form) && updates.hasKeys;
  const memory = createUpdateMemory({ ...dependencies, onChange: publish });
  const download = createUpdateDownload({ clock, downloads: updates.downloads, onChange: publish });
  let loop: Loop | null = null;
  let well: Timer | null = null;
  let release: Release | null = null;
  let finding: Finding | null = null;
  let checkedAt: number | null = null;
  let checking: { abort: AbortController } | null = null;
  /** An installation is being prepared. */
  let isPreparing = false;
  let staged: { version: string } | null = null;
  let problem: UpdateView['problem'] = null;
  let isStopped = false;

  const addressNow = () => settings.current().updates.address ?? updates.address;

  function stateNow(): UpdateView['state'] {
    if (staged !== null) return 'staged';
    if (checking !== null) return 'checking';
    if (download.isRunning()) return 'downloading';
    if (finding?.update == null) return 'idle';
    return download.pathOf(finding.update.file) === null ? 'available' : 'ready';
  }

  function view(): UpdateView {
    return {
      ...{ version, form, checks, installs: installer !== null, address: addressNow() },
      instead: insteadOf(form, installer !== null),
      state: stateNow(),
      ...{ checkedAt, problem, progress: download.progress() },
      found: finding?.found ?? null,
      offer: finding === null ? null : offerOf(finding),
      ...memory.shown(),
    };
  }

  function publish(): void {
    if (!isStopped) streams.updates.set('updates', view());
  }

  function fail(error: unknown): void {
    problem = problemOf(error);
    publish();
  }

  async function readRelease(signal: AbortSignal): Promise<void> {
    const address = addressNow();
    if (!checks) throw elsewhere();
    if (address === null) throw new PilotlightError('UPDATE_NO_ADDRESS');
    if (checking !== null || download.isRunning() || isPreparing || staged !== null)
      throw new PilotlightError('UPDATE_BUSY');
    const abort = new AbortController();
    const own = { abort };
    checking = own;
    problem = null;
    publish();
    try {
      using both = eitherOf(signal, abort.signal);
      const read = await source.read({ address, etag: release?.etag ?? null, signal: both.signal });
      both.signal.throwIfAborted();
      // The address was changed meanwhile: what was found says nothing about the new one.
      if (addressNow() !== address) throw new PilotlightError('CANCELLED');
      release = read === 'unchanged' ? release : read;
      if (release === null) throw new PilotlightError('UPDATE_MANIFEST');
      finding = judgeRelease(release.manifest, {
        ...{ kind: form === 'file' ? ('agent' as const) : ('app' as const), form: fileFormOf(form) },
        ...{ ...updates.system, version, place: memory.place() },
      });
      checkedAt = clock.now();
    } catch (error) {
      if (!abort.signal.aborted && !signal.aborted) problem = problemOf(error);
      throw error;
    } finally {
      if (checking === own) checking = null;
      publish();
    }
  }

  /** Once a day, and only with a person's consent. */
  async function checkByItself(signal: AbortSignal): Promise<void> {
    memory.forgetOld();
    if (settings.current().updates.check !== 'on' || !checks || addressNow() === null) return;
    if (stateNow() !== 'idle' && stateNow() !== 'available') return;
    const before = finding?.update?.manifest.version;
    await readRelease(signal);
    const found = finding?.update?.manifest.version;
    if (finding === null || found === undefined || found === before) return;
    activity.record({ kind: 'system', severity: 'info', message: finding.found });
  }

  function start(): void {
    if (loop !== null || isStopped) return;
    memory.start();
    well = clock.timer(WELL_MS, memory.startedWell);
    loop = startLoop({
      ...{
        clock,
        random,
        intervalMs: () => CHECK_EVERY_MS,
        firstDelayMs: FIRST_CHECK_MS,
        run: checkByItself,
      },
      onError: (error) => log.warn('There was no answer about updates.', { error: String(error) }),
    });
  }

  async function pause(): Promise<void> {
    const before = loop;
    loop = null;
    well?.cancel();
    await before?.stop();
  }

  let last = settings.current().updates;
  const stopListening = settings.onChange(({ updates: now }) => {
    const { address, check } = last;
    last = now;
    if (now.address !== address) {
      checking?.abort.abort(new PilotlightError('CANCELLED'));
      if (!download.isRunning() && staged === null)
        [release, finding, checkedAt, problem] = [null, null, null, null];
      publish();
    }
    if (now.check === 'on' && check !== 'on') void loop?.runNow();
  });

  /** Everything that is needed to replace the program, or the reason why not. */
  function requireInstaller() {
    if (installer === null) throw elsewhere();
    if (isPreparing || checking !== null || download.isRunning()) throw new PilotlightError('UPDATE_BUSY');
    return installer;
  }

  /** Prepares it, remembers it, and restarts if that is wanted. `isPreparing` is set by the caller, before it waits. */
  async function stage(
    program: { path: string; version: string; file: { size: number; sha512: string } | null; keeps: boolean },
    { restart, signal }: { restart: boolean; signal: AbortSignal },
  ): Promise<UpdateView> {
    const to = requireInstaller();
    isPreparing = true;
    problem = null;
    try {
      if (program.file !== null && !(await updates.downloads.isIntact(program.path, program.file))) {
        await download.forget(program.path);
        throw new PilotlightError('UPDATE_DAMAGED');
      }
      const { kept } = await to.stage({ ...program, replaces: version }, signal);
      try {
        memory.installing({ version: program.version, kept, keeps: program.keeps });
      } catch (error) {
        to.unstage();
        throw error;
      }
      staged = { version: program.version };
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      isPreparing = false;
      publish();
    }
    if (restart) to.restart();
    return view();
  }

  function elsewhere(): PilotlightError {
    const next: Message | null = insteadOf(form, installer !== null);
    return new PilotlightError('UPDATES_ELSEWHERE', next === null ? {} : { next });
  }

  publish();

  return {
    start,
    pause,
    resume: start,
    async stop() {
      isStopped = true;
      stopListening();
      checking?.abort.abort(new PilotlightError('STOPPING'));
      await pause();
      await download.stop();
    },
    view,
    async check(signal) {
      await readRelease(signal);
      return view();
    },
    download() {
      const update = finding?.update;
      const address = addressNow();
      if (installer === null) throw elsewhere();
      if (update == null || address === null) throw new PilotlightError('UPDATE_NONE');
      if (stateNow() !== 'available' || isPreparing) throw new PilotlightError('UPDATE_BUSY');
      problem = null;
      download.begin({ address, file: update.file }, fail);
      return view();
    },
    async cancel() {
      checking?.abort.abort(new PilotlightError('CANCELLED'));
      await download.cancel();
      if (staged !== null && installer !== null) {
        installer.unstage();
        staged = null;
        memory.notInstalling();
      }
      publish();
      return view();
    },
    async install({ restart, signal }) {
      const to = requireInstaller();
      const update = finding?.update;
      if (staged !== null && restart) {
        to.restart();
        return view();
      }
      const path = update == null ? null : download.pathOf(update.file);
      if (update == null || path === null || staged !== null) throw new PilotlightError('UPDATE_NONE');
      const { file, manifest } = update;
      return stage({ path, version: manifest.version, file, keeps: true }, { restart, signal });
    },
    async goBack(signal) {
      requireInstaller();
      if (staged !== null) throw new PilotlightError('UPDATE_BUSY');
      const { version: earlier, path } = memory.toGoBackTo();
      return stage({ path, version: earlier, file: null, keeps: false }, { restart: true, signal });
    },
    dismissNews() {
      memory.dismissNews();
      return view();
    },
  };
}

export function problemOf(error: unknown): NonNullable<UpdateView['problem']> {
  const { code, message, next, said } = isPilotlightError(error) ? error : new PilotlightError('INTERNAL');
  return { code, message: errorMessage({ message, said }), next: plainText(next) };
}
