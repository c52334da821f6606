/** Downloads models of the catalogue: into a folder beside the final one, which appears when all of it is verified. */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { CatalogueModel, RunnerModel } from '../../../../shared/models/runner.ts';
import { type CatalogueEntry, sizeOfEntry, usualSource } from './catalogue.ts';
import { fetchFile } from './fetch-file.ts';
import { describeFiles } from './folder.ts';
import type { Shelf } from './shelf.ts';

export interface PullsOptions {
  shelf: Shelf;
  entries: readonly CatalogueEntry[];
  /** Where the folders of models are made. */
  folder: string;
  /** Address of a mirror; null for the usual one. */
  source: string | null;
}

export interface Pulls {
  catalogue(): CatalogueModel[];
  /**
   * @throws PilotlightError: NOT_FOUND, PULL_RUNNING, RUNNER_DOWNLOAD_FAILED, RUNNER_DOWNLOAD_WRONG, DISK_FULL, and what
   * adding throws. What was downloaded stays for the next try, except a wrong file.
   */
  pull(
    name: string,
    options: { onProgress(doneBytes: number, totalBytes: number): void; signal: AbortSignal },
  ): Promise<RunnerModel>;
}

export function createPulls({ shelf, entries, folder, source }: PullsOptions): Pulls {
  const running = new Set<string>();
  const base = (source ?? usualSource).replace(/\/+$/, '');

  async function download(
    entry: CatalogueEntry,
    staging: string,
    { onProgress, signal }: Parameters<Pulls['pull']>[1],
  ): Promise<void> {
    const total = sizeOfEntry(entry);
    let before = 0;
    for (const { path, from, sizeBytes, sha256 } of entry.files) {
      const whole = join(staging, path);
      if (!existsSync(whole)) {
        const part = `${whole}.part`;
        mkdirSync(dirname(part), { recursive: true, mode: 0o700 });
        const done = before;
        const onBytes = (bytes: number) => onProgress(done + bytes, total);
        await fetchFile({ url: `${base}/${from}`, part, sizeBytes, onBytes, signal });
        const [found] = await describeFiles(dirname(part), [`${path.split('/').at(-1)}.part`], signal);
        if (found?.sha256 !== sha256) {
          rmSync(part, { force: true });
          throw new PilotlightError('RUNNER_DOWNLOAD_WRONG', { details: { file: path } });
        }
        renameSync(part, whole);
      }
      before += sizeBytes;
      onProgress(before, total);
    }
  }

  return {
    catalogue: () =>
      entries.map((entry) => ({
        name: entry.name,
        kind: entry.kind,
        sizeBytes: sizeOfEntry(entry),
        licence: entry.licence,
        present: shelf.list().some(({ name }) => name === entry.name),
      })),
    async pull(name, options) {
      const entry = entries.find((one) => one.name === name);
      if (entry === undefined)
        throw new PilotlightError('NOT_FOUND', { details: { models: entries.map((one) => one.name) } });
      if (running.has(name)) throw new PilotlightError('PULL_RUNNING');
      running.add(name);
      try {
        const final = join(folder, name);
        if (!existsSync(final)) {
          const staging = join(folder, `.${name}.part`);
          await download(entry, staging, options);
          renameSync(staging, final);
        }
        const { licence } = entry;
        return await shelf.add(final, {
          name,
          licence,
          precision: 'auto',
          replace: true,
          signal: options.signal,
        });
      } finally {
        running.delete(name);
      }
    },
  };
}
