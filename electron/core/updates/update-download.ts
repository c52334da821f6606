/** The download of one update, which a person began and may cancel. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { UpdateFile } from '../../../shared/models/update-manifest.ts';
import type { UpdateView } from '../../../shared/models/updates.ts';
import { type Mark, rateOf, withMark } from '../library/pull-rate.ts';
import type { Clock } from '../ports/time.ts';
import type { UpdateDownloads } from '../ports/updates.ts';

export interface UpdateDownload {
  isRunning(): boolean;
  progress(): UpdateView['progress'];
  /** The downloaded file; null until it is complete. */
  pathOf(file: UpdateFile): string | null;
  /** Returns at once. `onFailed` gets what a cancel did not cause. */
  begin(what: { address: string; file: UpdateFile }, onFailed: (error: unknown) => void): void;
  /** Resolves when it has ended. What has arrived stays for the next time. */
  cancel(): Promise<void>;
  /** A downloaded file turned out to be another than before. */
  forget(path: string): Promise<void>;
  stop(): Promise<void>;
}

export function createUpdateDownload(options: {
  clock: Pick<Clock, 'monotonic'>;
  downloads: UpdateDownloads;
  onChange(): void;
}): UpdateDownload {
  const { clock, downloads, onChange } = options;
  let running: { abort: AbortController; done: Promise<void> } | null = null;
  let progress: UpdateView['progress'] = null;
  let complete: { sha512: string; path: string } | null = null;

  async function run(
    { address, file }: { address: string; file: UpdateFile },
    signal: AbortSignal,
    onFailed: (error: unknown) => void,
  ): Promise<void> {
    let marks: readonly Mark[] = [];
    try {
      const path = await downloads.fetch({
        ...{ address, file, signal },
        onProgress(doneBytes) {
          if (signal.aborted) return;
          marks = withMark(marks, { at: clock.monotonic(), bytes: doneBytes });
          progress = { doneBytes, totalBytes: file.size, bytesPerSecond: rateOf(marks) };
          onChange();
        },
      });
      complete = { sha512: file.sha512, path };
      end();
    } catch (error) {
      end();
      if (!signal.aborted) onFailed(error);
    }
  }

  async function abort(reason: PilotlightError): Promise<void> {
    const before = running;
    before?.abort.abort(reason);
    await before?.done;
  }

  function end(): void {
    running = null;
    progress = null;
    onChange();
  }

  return {
    isRunning: () => running !== null,
    progress: () => progress,
    pathOf: (file) => (complete?.sha512 === file.sha512 ? complete.path : null),
    begin(what, onFailed) {
      if (running !== null) throw new PilotlightError('UPDATE_BUSY');
      const controller = new AbortController();
      progress = { doneBytes: 0, totalBytes: what.file.size, bytesPerSecond: null };
      const done = run(what, controller.signal, onFailed);
      running = { abort: controller, done };
      onChange();
    },
    cancel: () => abort(new PilotlightError('CANCELLED')),
    async forget(path) {
      if (complete?.path === path) complete = null;
      await downloads.remove(path);
    },
    stop: () => abort(new PilotlightError('STOPPING')),
  };
}
