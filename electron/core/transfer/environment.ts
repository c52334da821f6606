/** Reads an environment file: `NAME=value` a line, as shells and dotenv write it. Pure; nothing is expanded or run. */

export interface EnvironmentVariable {
  name: string;
  value: string;
  /** The line it begins on, from 1. */
  line: number;
}

export interface EnvironmentProblem {
  line: number;
  /** Never holds what stands there: it may be half a password. */
  words: string;
  /** `unclear` could be a command or a remark; `broken` was meant as a variable. */
  kind: 'unclear' | 'broken';
}

export interface ReadEnvironment {
  /** In order; where a name comes twice only its last value, as a shell would have it. */
  variables: EnvironmentVariable[];
  problems: EnvironmentProblem[];
}

const assignment = /^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/;
const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Knows comments, `export`, single quotes (as it stands), double quotes (with `\n`, `\r`, `\t`, `\"`, `\\`, `\$`)
 * over several lines, Windows line ends and a byte order mark. Outside of quotes a `#` after a space begins a comment.
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
      problems.push({ line: index + 1, kind: 'unclear', words: 'This is no NAME=value.' });
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
      problems.push({ line: index + 1, kind: 'broken', words: `The quote after ${name}= is never closed.` });
    } else if (!/^\s*(#|$)/.test(quoted.after)) {
      problems.push({ line: index + 1, kind: 'broken', words: `Something follows the quotes of ${name}.` });
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

/** From behind the opening quote to the closing one; null when there is none. */
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
