/** Reads an environment file, `NAME=value` on each line as for shells and dotenv. Pure: nothing is expanded or run. */
import { fact, type Message } from '../../../shared/models/message.ts';

export interface EnvironmentVariable {
  name: string;
  value: string;
  /** The line where it starts, from 1. */
  line: number;
}

export interface EnvironmentProblem {
  line: number;
  /** Never contains the line, which may be part of a password. */
  message: Message;
  /** `unclear`: may be a command or a remark; `broken`: meant as a variable. */
  kind: 'unclear' | 'broken';
}

export interface ReadEnvironment {
  /** In order; a name that is set twice has its last value, as in a shell. */
  variables: EnvironmentVariable[];
  problems: EnvironmentProblem[];
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Accepts comments, `export`, single quotes (literal), double quotes (with `\n`, `\r`, `\t`, `\"`, `\\`, `\$`) over
 * several lines, Windows line ends and a byte order mark. Outside quotes, a `#` after a space starts a comment.
 */
export function readEnvironment(text: string): ReadEnvironment {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const found = new Map<string, EnvironmentVariable>();
  const problems: EnvironmentProblem[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const start = assignment.exec(line);
    const name = start?.[1];
    if (!start || name === undefined) {
      problems.push({ line: index + 1, kind: 'unclear', message: fact('LINE_NOT_A_VARIABLE') });
      continue;
    }
    const rest = line.slice(start[0].length);
    const quote = rest[0];
    if (quote !== '"' && quote !== "'") {
      set({ name, value: withoutComment(rest), line: index + 1 });
      continue;
    }
    const quoted = readQuoted([rest.slice(1), ...lines.slice(index + 1)], quote);
    if (quoted === null) {
      problems.push({ line: index + 1, kind: 'broken', message: fact('QUOTE_NOT_CLOSED', { name }) });
    } else if (!/^\s*(#|$)/.test(quoted.after)) {
      problems.push({ line: index + 1, kind: 'broken', message: fact('TEXT_AFTER_QUOTE', { name }) });
      index += quoted.linesMore;
    } else {
      set({ name, value: quoted.value, line: index + 1 });
      index += quoted.linesMore;
    }
  }
  return { variables: [...found.values()], problems };

  function set(variable: EnvironmentVariable): void {
    found.delete(variable.name);
    found.set(variable.name, variable);
  }
}

function withoutComment(rest: string): string {
  const comment = /(^|\s)#/.exec(rest);
  return (comment ? rest.slice(0, comment.index) : rest).trim();
}

/** From after the opening quote to the closing one; null if there is none. */
function readQuoted(
  lines: readonly string[],
  quote: '"' | "'",
): { value: string; after: string; linesMore: number } | null {
  let value = '';
  for (const [linesMore, line] of lines.entries()) {
    if (linesMore > 0) value += '\n';
    for (let at = 0; at < line.length; at += 1) {
      const letter = line[at] ?? '';
      if (letter === quote) return { value, after: line.slice(at + 1), linesMore };
      const next = line[at + 1];
      if (quote === '"' && letter === '\\' && next !== undefined) {
        value += escapes[next] ?? (/["\\$`]/.test(next) ? next : `\\${next}`);
        at += 1;
      } else value += letter;
    }
  }
  return null;
}
