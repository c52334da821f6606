/** A record on disk of the running countdown. Its key lets anyone on this machine cancel it, and nothing else. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod/mini';
import { fields, flag, integer, oneOf, text } from '../../../shared/contract/agent/wanted.ts';
import { powerActions } from '../../../shared/models/power-actions.ts';
import type { Damage } from '../damage.ts';
import { readJson, writePrivate } from '../files.ts';
import type { CountdownNotes } from './power.ts';

const fileSchema = fields({
  request: fields({
    action: oneOf(powerActions),
    countdownSeconds: integer(0, 3600),
    force: flag(),
    by: text(200),
  }),
  key: text(64),
});

export type CountdownFile = z.output<typeof fileSchema>;

const FILE = 'countdown.json';
const pathIn = (folder: string) => join(folder, FILE);

/** null if no countdown is running. */
export function readCountdown(folder: string): CountdownFile | null {
  return check(readJson(pathIn(folder)));
}

function check(value: unknown): CountdownFile | null {
  return fileSchema.safeParse(value).data ?? null;
}

export function createCountdownNotes(folder: string, damage: Pick<Damage, 'read'>): CountdownNotes {
  return {
    begin: (request, key) => writePrivate(pathIn(folder), JSON.stringify({ request, key }), 0o644),
    end: () => rmSync(pathIn(folder), { force: true }),
    broken: () => damage.read(FILE, 'nothing', (text) => check(JSON.parse(text)))?.request ?? null,
  };
}
