/** Damages every file of a folder, one at a time, and lets a process of its own say what it makes of what is left. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createChild } from './child.ts';
import { damage } from './damage.ts';
import { type TallyBook, type TortureContext, times } from './part.ts';

const TIMES_A_FILE = 200;

export interface Corruption<Answer extends { failed: string | null }> {
  /** Undamaged; each round has a copy of it. */
  template: string;
  /** Relative to it. */
  files: readonly string[];
  /** A program that answers each `{folder}` with an Answer. */
  reader: string;
  limitMs: number;
  /** What else an undamaged folder must give; default true. */
  isWhole?(answer: Answer): boolean;
  /** Called where it started; `what` names the file and the damage. */
  judge(answer: Answer, whole: Answer, round: { file: string; what: string }): void;
}

export async function corruptEach<Answer extends { failed: string | null }>(
  { random, folder, signal, note, scale }: TortureContext,
  { tried, find }: TallyBook,
  { template, files, reader, limitMs, isWhole = () => true, judge }: Corruption<Answer>,
): Promise<void> {
  const child = createChild<{ folder: string }, Answer>(reader, limitMs);
  try {
    const first = await child.ask({ folder: copyOf(template, folder) });
    if ('failed' in first || first.answer.failed !== null || !isWhole(first.answer)) {
      find('crashes', 'the undamaged folder', JSON.stringify(first));
      return;
    }
    const whole = first.answer;
    const rounds = times({ scale }, TIMES_A_FILE);
    for (const file of files) {
      note(`${file}: ${rounds} times`);
      for (let round = 0; round < rounds; round += 1) {
        signal.throwIfAborted();
        const copy = copyOf(template, folder);
        const what = `${file}, ${damage(join(copy, file), random)}`;
        tried();
        const reply = await child.ask({ folder: copy });
        if ('failed' in reply) find(reply.failed === 'crash' ? 'crashes' : 'hangs', what, reply.complaints);
        else if (reply.answer.failed !== null)
          find('crashes', `${what}: does not start`, reply.answer.failed);
        else judge(reply.answer, whole, { file, what });
      }
    }
  } finally {
    child.close();
  }
}

function copyOf(template: string, folder: string): string {
  const copy = join(folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(template, copy, { recursive: true });
  return copy;
}
