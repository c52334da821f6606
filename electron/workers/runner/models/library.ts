/**
 * The models that were added: a file in the runner's folder. A model stays where it is; the library knows its folder and
 * the hashes of its files.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { parseJson } from '../../../../shared/json.ts';
import { runnerModelKindSchema } from '../../../../shared/models/runner.ts';
import { writePrivateFile } from '../../../adapters/private-file.ts';
import { copyAside } from '../../../adapters/set-aside.ts';

const fileSchema = z.object({
  path: z.string(),
  sizeBytes: z.number(),
  modifiedMs: z.number(),
  sha256: z.string(),
});

const entrySchema = z.object({
  name: z.string(),
  kind: runnerModelKindSchema,
  /** Absolute. */
  folder: z.string(),
  /** The graph of each part of the model, relative to the folder; `text` of a text model. */
  graphs: z.record(z.string(), z.string()),
  precision: z.enum(['float32', 'float16', 'int8']),
  hash: z.string(),
  files: z.array(fileSchema),
  licence: z.string().nullable(),
  addedAt: z.number(),
});
export type LibraryEntry = z.infer<typeof entrySchema>;

const librarySchema = z.object({ models: z.array(entrySchema) });

export interface Library {
  list(): readonly LibraryEntry[];
  find(name: string): LibraryEntry | null;
  /** Adds it, or replaces the one of the same name. Throws DISK_FULL, DATA_FOLDER_UNUSABLE. */
  put(entry: LibraryEntry): void;
  /** False if there is none. Its files stay. */
  remove(name: string): boolean;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** Throws RUNNER_BAD_NAME: a name never leads anywhere in the file system. */
export function checkName(name: string): string {
  if (!NAME.test(name) || name.includes('..'))
    throw new PilotlightError('RUNNER_BAD_NAME', { details: { name } });
  return name;
}

/** A damaged file is kept beside the new one. */
export function openLibrary(folder: string): Library {
  const path = join(folder, 'models.json');
  let models = read(path);

  function save(next: LibraryEntry[]): void {
    writePrivateFile(path, `${JSON.stringify({ models: next }, null, 2)}\n`);
    models = next;
  }

  return {
    list: () => models,
    find: (name) => models.find((one) => one.name === name) ?? null,
    put: (entry) => save([...models.filter(({ name }) => name !== entry.name), entry]),
    remove(name) {
      const rest = models.filter((one) => one.name !== name);
      if (rest.length === models.length) return false;
      save(rest);
      return true;
    },
  };
}

function read(path: string): LibraryEntry[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const found = librarySchema.safeParse(parseJson(text));
  if (found.success) return found.data.models;
  copyAside(path);
  return [];
}
