/** `updates.json` in the data folder: of this installation only, so it is in no backup. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { UpdateRecords } from '../../core/ports/updates.ts';
import { writePrivateFile } from '../private-file.ts';

export const updateRecordName = 'updates.json';

const recordSchema = z.object({
  place: z.number().min(0).lt(1),
  seen: z.string().nullable(),
  previous: z
    .object({
      version: z.string(),
      path: z.string().nullable(),
      state: z.number().int().nonnegative(),
      keptUntil: z.number().nullable(),
    })
    .nullable(),
  unproved: z.string().nullable(),
});

export function createUpdateRecords(dataFolder: string): UpdateRecords {
  const path = join(dataFolder, updateRecordName);
  return {
    read() {
      try {
        return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        // Lost, it only costs the version that was kept: everything in it is made again.
        return null;
      }
    },
    write: (record) => writePrivateFile(path, `${JSON.stringify(record)}\n`),
  };
}
