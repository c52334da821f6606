/**
 * What was found out about providers, so that a start does not try them again: a file in the runner's folder. It holds
 * for a version of onnxruntime, a device and its driver, and a model.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../../../shared/json.ts';
import { type RunnerRung, runnerRungSchema } from '../../../../shared/models/runner.ts';
import { writeDurably } from '../../../adapters/durable-write.ts';

const notesSchema = z.object({
  ladders: z.record(z.string(), z.array(runnerRungSchema)),
  /** The padded tokens of a batch that were best. */
  budgets: z.record(z.string(), z.number().int().positive()),
});
type Content = z.infer<typeof notesSchema>;

/** Models come and go; the oldest entries are forgotten first. */
const MOST = 200;

export interface LadderNotes {
  ladder(key: string): RunnerRung[] | null;
  setLadder(key: string, ladder: readonly RunnerRung[]): void;
  budget(key: string): number | null;
  setBudget(key: string, tokens: number): void;
  /** Makes the next open try the providers again. */
  forgetLadders(): void;
}

/** A damaged file is as good as none: everything in it can be found out again. A failed write is, too. */
export function openLadderNotes(folder: string): LadderNotes {
  const path = join(folder, 'providers.json');
  const content = read(path);

  function put<Value>(part: Record<string, Value>, key: string, value: Value): void {
    delete part[key];
    part[key] = value;
    for (const oldest of Object.keys(part).slice(0, -MOST)) delete part[oldest];
    save();
  }
  function save(): void {
    try {
      writeDurably(path, JSON.stringify(content));
    } catch {
      // Found out again after the next start.
    }
  }

  return {
    ladder: (key) => content.ladders[key] ?? null,
    setLadder: (key, ladder) => put(content.ladders, key, [...ladder]),
    budget: (key) => content.budgets[key] ?? null,
    setBudget(key, tokens) {
      if (content.budgets[key] !== tokens) put(content.budgets, key, tokens);
    },
    forgetLadders() {
      content.ladders = {};
      save();
    },
  };
}

function read(path: string): Content {
  try {
    const read = notesSchema.safeParse(parseJson(readFileSync(path, 'utf8')));
    if (read.success) return read.data;
  } catch {
    // There is none yet.
  }
  return { ladders: {}, budgets: {} };
}
