/** Who has a session on this machine. */
import { stat } from 'node:fs/promises';
import { type Exec, exitCodeOf, isMissing, printedBy, toolFailure } from '../hardware/exec.ts';
import { readLogindUsers } from './logind-sessions.ts';
import type { HostPlatform, UsersReading } from './types.ts';

const DEADLINE_MS = 4000;

export interface UsersOptions {
  exec: Exec;
  platform: HostPlatform;
  signal: AbortSignal;
  /** Created by logind when it starts. */
  seatsFolder?: string;
  /** Where the system records who is signed in, by kind. */
  utmpFiles?: readonly string[];
}

/** Some users were listed, and there may be more. */
class PartlyRead extends Error {
  readonly names: readonly string[];

  constructor(message: string, names: readonly string[], cause?: unknown) {
    super(message, { cause });
    this.names = names;
  }
}

/** One source of sessions: null if this system does not have it; rejects with a sentence. */
type Source = () => Promise<string[] | null>;

const UTMP_FILES = ['/run/utmp', '/var/run/utmp', '/var/run/utmpx', '/var/run/utx.active'];

/** `who`: one session per line, the name first. */
export function parseWho(output: string): string[] {
  const names = output.split('\n').flatMap((line) => /^(\S+)\s+\S+/.exec(line)?.[1] ?? []);
  return [...new Set(names)];
}

/** Output that is not a session: it may be one that cannot be parsed. */
function oddLine(output: string, read: (line: string) => string[]): string | null {
  return output.split(/\r?\n/).find((line) => line.trim() !== '' && read(line).length === 0) ?? null;
}

/** Sessions of ssh without a terminal, from the titles of sshd's processes: `sshd: ann@notty`. */
export function parseSshTitles(output: string): string[] {
  const names = output.split('\n').flatMap((line) => {
    return /^sshd(?:-session)?: (\S+)@(?:notty|internal-sftp)/.exec(line.trim())?.[1] ?? [];
  });
  return [...new Set(names)];
}

/**
 * `quser`: a header, then one session per line; `>` marks our own. Names are cut at 20 characters and may contain
 * spaces; the text is in the system's language.
 */
export function parseQuser(output: string): string[] {
  const [, ...lines] = output.split(/\r?\n/);
  const names = lines.flatMap((line) => /^[ >](\S.*?)\s{2,}\S/.exec(line)?.[1] ?? []);
  return [...new Set(names)];
}

/** A line with a session number, which no message has. */
const SESSION_LINE = /^[ >]\S.*\s\d+\s+\S/m;

/** Everyone known, and why there may be more. */
export async function readUsers(options: UsersOptions): Promise<UsersReading> {
  const answers = await Promise.all(
    sourcesOf(options).map((source) =>
      source().then(
        (names) => ({ names, problem: null }),
        (error: unknown) => ({
          names: error instanceof PartlyRead ? error.names : null,
          problem: error instanceof Error ? error.message : String(error),
        }),
      ),
    ),
  );
  const names = [...new Set(answers.flatMap((answer) => answer.names ?? []))];
  const problems = answers.flatMap(({ problem }) => problem ?? []);
  const silent = problems.length === 0 && answers.every((answer) => answer.names === null);
  if (silent) problems.push('Nothing on this machine lists who is signed in.');
  return { names, problem: problems.length === 0 ? null : problems.join(' ') };
}

function sourcesOf(options: UsersOptions): Source[] {
  const { exec, platform, signal, seatsFolder } = options;
  const who = () => readWho(options);
  switch (platform) {
    case 'win32':
      return [() => readQuser(options)];
    case 'darwin':
      return [who, () => readSshTitles(options)];
    case 'linux':
      return [
        async () =>
          (await readLogindUsers({ exec, signal, ...(seatsFolder === undefined ? {} : { seatsFolder }) })) ??
          null,
        // If sshd signs people in without PAM, no list has their sessions. A minimal ps may not be able to show them.
        () => readSshTitles(options).catch(() => null),
        who,
      ];
  }
}

async function readWho(options: UsersOptions): Promise<string[] | null> {
  const { exec, platform, signal, utmpFiles = UTMP_FILES } = options;
  // Some systems have the program but keep no list (musl, and newer Debian): empty output is no answer there.
  const isKept = async () => platform === 'darwin' || (await anyHasContent(utmpFiles));
  try {
    const output = await exec('who', [], { deadlineMs: DEADLINE_MS, signal });
    const names = parseWho(output);
    const odd = oddLine(output, parseWho);
    if (odd !== null) throw new PartlyRead(`who printed: ${odd.trim().slice(0, 200)}`, names);
    return names.length > 0 || (await isKept()) ? names : null;
  } catch (error) {
    if (error instanceof PartlyRead) throw error;
    if (isMissing(error)) return null;
    if (exitCodeOf(error) !== null && !(await isKept())) return null;
    const known = parseWho(printedBy(error, 'stdout'));
    throw new PartlyRead(toolFailure('who', error), known, error);
  }
}

async function readSshTitles({ exec, signal }: UsersOptions): Promise<string[] | null> {
  try {
    const names = parseSshTitles(await exec('ps', ['-axo', 'args='], { deadlineMs: DEADLINE_MS, signal }));
    // It does not list every kind of session, so an empty list does not mean that nobody is there.
    return names.length > 0 ? names : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw new Error(toolFailure('ps', error), { cause: error });
  }
}

async function readQuser({ exec, signal }: UsersOptions): Promise<string[]> {
  let output: string;
  try {
    output = await exec('quser.exe', [], { deadlineMs: DEADLINE_MS, signal });
  } catch (error) {
    if (isMissing(error))
      throw new Error('This edition of Windows has no quser.exe to list sessions.', { cause: error });
    const printed = printedBy(error, 'stdout');
    const listed = SESSION_LINE.test(printed) ? parseQuser(printed) : [];
    // Some versions list the sessions and still exit with 1.
    const ended = exitCodeOf(error) === 1;
    if (ended && listed.length > 0) output = printed;
    else if (ended && meansNoUsers(printedBy(error, 'stderr'))) return [];
    else throw new PartlyRead(toolFailure('quser.exe', error), listed, error);
  }
  const names = parseQuser(output);
  if (names.length === 0) throw new Error('quser.exe listed nothing.');
  const [, ...lines] = output.split(/\r?\n/);
  const odd = oddLine(lines.join('\n'), (line) => parseQuser(`\n${line}`));
  if (odd !== null) throw new PartlyRead(`quser.exe printed: ${odd.trim().slice(0, 200)}`, names);
  return names;
}

/** "No User exists for *", in any language; an error contains its number instead. */
function meansNoUsers(text: string): boolean {
  return text.includes('*') && !/0x[0-9a-f]{4,}|\[\d+\]/i.test(text);
}

async function anyHasContent(paths: readonly string[]): Promise<boolean> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ size }) => size,
        // A file that exists but cannot be checked may contain something.
        (error: unknown) => (isMissing(error) ? 0 : 1),
      ),
    ),
  );
  return sizes.some((size) => size > 0);
}
