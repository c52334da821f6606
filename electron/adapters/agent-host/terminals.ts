/**
 * The terminals of people on a Linux machine. Since util-linux 2.40 `wall` asks logind for them, which has no terminal
 * for a session over ssh, so people there would not get its message.
 */
import { constants, type Stats } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../../shared/printable.ts';

/** Permission to write to others' terminals comes from the group; `mesg n` removes it. */
const GROUP_MAY_WRITE = 0o020;

export interface TerminalsOptions {
  /** Default `/dev`. */
  folder?: string;
  /** Whether it is a device that takes text. Tests use files. */
  isTerminal?(facts: Stats): boolean;
}

/** Writes the message to each terminal that accepts one, and returns how many did. Never rejects. */
export async function writeToTerminals(
  message: string,
  { folder = '/dev', isTerminal = (facts) => facts.isCharacterDevice() }: TerminalsOptions = {},
): Promise<number> {
  const [pseudo, others] = await Promise.all([list(join(folder, 'pts')), list(folder)]);
  const paths = [
    ...pseudo.filter((name) => /^\d+$/.test(name)).map((name) => join(folder, 'pts', name)),
    ...others.filter((name) => /^(?:tty\d+|ttyS\d+|hvc\d+)$/.test(name)).map((name) => join(folder, name)),
  ];
  const written = await Promise.all(
    paths.map(async (path) => {
      try {
        const facts = await stat(path);
        if (!isTerminal(facts) || (facts.mode & GROUP_MAY_WRITE) === 0) return false;
        // A terminal that does not read must not block the notice, nor become this process's own.
        const flags = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;
        await using file = await open(path, flags);
        // It names who asked, which may be any text.
        await file.write(`\u0007\r\n${printable(message)}\r\n`);
        return true;
      } catch {
        return false;
      }
    }),
  );
  return written.filter(Boolean).length;
}

const list = (folder: string) => readdir(folder).catch(() => [] as string[]);
