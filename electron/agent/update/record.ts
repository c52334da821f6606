/** Which program of the agent runs, which is on trial, and which it goes back to. Pure. */
import * as z from 'zod/mini';
import { compareVersions, isVersion } from '../../../shared/version.ts';

const programSchema = z.object({
  version: z.string().check(z.refine(isVersion)),
  /** Its name in the folder of updates. */
  name: z.string().check(z.regex(/^[\w.-]{1,200}$/)),
});
/** A program that a panel sent. The installed one is none of these. */
export type SentProgram = z.output<typeof programSchema>;

const outcomeSchema = z.object({
  version: z.string(),
  from: z.string(),
  outcome: z.enum(['updated', 'rolled-back']),
  code: z.nullable(z.string()),
  at: z.number(),
});
export type UpdateOutcome = z.output<typeof outcomeSchema>;

export const updateRecordSchema = z.object({
  /** null for the installed program. */
  current: z.nullable(programSchema),
  /** `starts`: how often it was started without proving itself. */
  trial: z.nullable(z.object({ program: programSchema, starts: z.int() })),
  /** The one before `current`; null for the installed program. */
  previous: z.nullable(programSchema),
  last: z.nullable(outcomeSchema),
});
export type UpdateRecord = z.output<typeof updateRecordSchema>;

export const noUpdates: UpdateRecord = { current: null, trial: null, previous: null, last: null };

/** A machine that loses its power during a trial has not shown that the version is bad. */
const MOST_STARTS = 3;

export interface Choice {
  /** null for the installed program. */
  program: SentProgram | null;
  isTrial: boolean;
  /** To save before it starts. */
  record: UpdateRecord;
}

export interface ChoiceFacts {
  installed: string;
  now: number;
  /** Whether the file is the one of a release that this program's keys signed. */
  isIntact(program: SentProgram): boolean;
}

/** The program to start: the one on trial, else the newest that is intact. An installation that is newer replaces all. */
export function chooseProgram(record: UpdateRecord, facts: ChoiceFacts): Choice {
  const { trial } = record;
  if (trial !== null) {
    const isNewer = compareVersions(trial.program.version, runningVersion(record, facts.installed)) > 0;
    if (isNewer && trial.starts < MOST_STARTS && facts.isIntact(trial.program)) {
      const next = { ...record, trial: { ...trial, starts: trial.starts + 1 } };
      return { program: trial.program, isTrial: true, record: next };
    }
    const code = !isNewer
      ? 'AGENT_UPDATE_NOT_NEWER'
      : trial.starts < MOST_STARTS
        ? 'AGENT_UPDATE_DAMAGED'
        : 'NEVER_WELL';
    return chooseProgram(endTrial(record, { ...facts, code }), facts);
  }
  const usable = (program: SentProgram | null) =>
    program !== null && compareVersions(program.version, facts.installed) > 0 && facts.isIntact(program)
      ? program
      : null;
  const current = usable(record.current);
  const program = current ?? usable(record.previous);
  const previous = current === null ? null : record.previous;
  return { program, isTrial: false, record: { ...record, current: program, previous } };
}

export const runningVersion = ({ current }: UpdateRecord, installed: string): string =>
  current !== null && compareVersions(current.version, installed) > 0 ? current.version : installed;

export const beginTrial = (record: UpdateRecord, program: SentProgram): UpdateRecord => ({
  ...record,
  trial: { program, starts: 0 },
});

/** It has proved itself if there is no code. */
export function endTrial(
  record: UpdateRecord,
  { installed, now, code }: { installed: string; now: number; code: string | null },
): UpdateRecord {
  if (record.trial === null) return record;
  const { program } = record.trial;
  const from = runningVersion(record, installed);
  const last: UpdateOutcome = {
    version: program.version,
    from,
    outcome: code === null ? 'updated' : 'rolled-back',
    code,
    at: now,
  };
  if (code !== null) return { ...record, trial: null, last };
  return { current: program, trial: null, previous: record.current, last };
}

/** The files that belong to a program of the record; others are of updates that are over. */
export function namesIn({ current, trial, previous }: UpdateRecord): Set<string> {
  return new Set([current, trial?.program ?? null, previous].flatMap((one) => one?.name ?? []));
}
