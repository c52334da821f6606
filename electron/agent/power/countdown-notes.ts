/** A countdown on the disk while it runs. Its key is for everybody at this machine, and for nothing else. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { flag, integer, object, oneOf, required, text } from '../check.ts';
import type { Damage } from '../damage.ts';
import { readJson, writePrivate } from '../files.ts';
import { powerActions } from './policy.ts';
import type { CountdownNotes, PowerRequest } from './power.ts';

export interface CountdownFile {
  request: PowerRequest;
  key: string;
}

const checkFile = object<CountdownFile>({
  request: required(
    object<PowerRequest>({
      action: required(oneOf(...powerActions)),
      countdownSeconds: required(integer(0, 3600)),
      force: required(flag),
      by: required(text(200)),
    }),
  ),
  key: required(text(64)),
});

const FILE = 'countdown.json';
const pathIn = (folder: string) => join(folder, FILE);

/** null where no countdown runs. */
export function readCountdown(folder: string): CountdownFile | null {
  return check(readJson(pathIn(folder)));
}

function check(value: unknown): CountdownFile | null {
  const mistakes: string[] = [];
  const content = checkFile(value, '', mistakes);
  return mistakes.length === 0 ? content : null;
}

export function createCountdownNotes(folder: string, damage: Pick<Damage, 'read'>): CountdownNotes {
  return {
    begin: (request, key) => writePrivate(pathIn(folder), JSON.stringify({ request, key }), 0o644),
    end: () => rmSync(pathIn(folder), { force: true }),
    broken: () => damage.read(FILE, 'nothing', (text) => check(JSON.parse(text)))?.request ?? null,
  };
}
