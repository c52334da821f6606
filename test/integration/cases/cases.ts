/** The cases of public reports beside the repository: what they contain, and how to read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { sharedFolder } from '../../fakes/shared-folder.ts';

const folder = sharedFolder('cases');

/** The names of all cases; null if they are not beside this repository. */
export const caseNames = folder === null ? null : readdirSync(folder).sort();

export interface Case {
  folder: string;
  text(file: string): string;
  bytes(file: string): Uint8Array;
  /** Without empty ones, and otherwise as they are. */
  lines(file: string): string[];
}

/** A test of one case, by its number. It is left out where the cases are missing, except where CI is set. */
export function testCase(number: string, what: string, test: (one: Case) => void | Promise<void>): void {
  it.skipIf(folder === null)(`${number} ${what}`, async () => {
    const name = caseNames?.find((one) => one.startsWith(`${number}-`));
    if (name === undefined) throw new Error(`There is no case ${number}.`);
    const at = join(folder ?? '', name);
    const text = (file: string) => readFileSync(join(at, file), 'utf8');
    await test({
      folder: at,
      text,
      bytes: (file) => readFileSync(join(at, file)),
      lines: (file) =>
        text(file)
          .split('\n')
          .filter((line) => line !== ''),
    });
  });
}
