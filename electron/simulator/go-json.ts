/** Parses JSON the way Go's parser does, with its error messages. */
import { parseJson } from '../../shared/json.ts';
import { OllamaError } from './model.ts';

/** Parses an object. Throws a 400 with Go's message. */
export function parseGoJson(text: string): Record<string, unknown> {
  const value = parseJson(text);
  if (value === undefined) throw new OllamaError(400, explain(text));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  throw new OllamaError(400, `json: cannot unmarshal ${kind} into Go value of type api.Request`);
}

/** Go's error message for the first mistake in a text that is not JSON. */
export function explain(text: string): string {
  let at = 0;
  const skip = () => {
    while (at < text.length && /\s/.test(text[at] ?? '')) at += 1;
  };
  const fault = (where: string): string => {
    const character = text[at];
    if (character === undefined) return 'unexpected EOF';
    const shown = character === "'" ? "'\\''" : character === '\n' ? "'\\n'" : `'${character}'`;
    return `invalid character ${shown} ${where}`;
  };
  const readString = (): string | null => {
    at += 1;
    for (; at < text.length; at += 1) {
      const character = text[at] ?? '';
      if (character === '"') {
        at += 1;
        return null;
      }
      if (character < ' ') return fault('in string literal');
      if (character === '\\') {
        at += 1;
        if (!/["\\/bfnrtu]/.test(text[at] ?? '')) return fault('in string escape code');
      }
    }
    return 'unexpected EOF';
  };
  const readWord = (word: string): string | null => {
    for (let index = 0; index < word.length; index += 1, at += 1) {
      if (text[at] !== word[index]) return fault(`in literal ${word} (expecting '${word[index]}')`);
    }
    return null;
  };
  const readMembers = (close: string, readMember: () => string | null, after: string): string | null => {
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return null;
    }
    for (;;) {
      const problem = readMember();
      if (problem) return problem;
      skip();
      if (text[at] === close) {
        at += 1;
        return null;
      }
      if (text[at] !== ',') return fault(after);
      at += 1;
      skip();
    }
  };
  const readMember = (): string | null => {
    if (text[at] !== '"') return fault('looking for beginning of object key string');
    const problem = readString();
    if (problem) return problem;
    skip();
    if (text[at] !== ':') return fault('after object key');
    at += 1;
    return readValue();
  };
  const readValue = (): string | null => {
    skip();
    const character = text[at];
    if (character === '{') return readMembers('}', readMember, 'after object key:value pair');
    if (character === '[') return readMembers(']', readValue, 'after array element');
    if (character === '"') return readString();
    if (character === 't') return readWord('true');
    if (character === 'f') return readWord('false');
    if (character === 'n') return readWord('null');
    const number = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(text.slice(at, at + 64))?.[0];
    if (number) {
      at += number.length;
      return null;
    }
    return fault('looking for beginning of value');
  };
  const problem = readValue();
  if (problem) return problem;
  skip();
  return fault('after top-level value');
}
