// @ts-check
// The decisions of `npm run mutate`: which files it changes, which tests relate to them, and how results are printed.
import { posix } from 'node:path';
import { SetUpError } from './errors.mjs';

export const mutateUsage = `Usage: npm run mutate -- PATH … [options]
  PATH             a folder or a file below electron/, shared/ or renderer/
  --pure           only the files of a folder whose first comment says "Pure."
  --least N        fail if fewer than N percent of the mutants are killed
  --reach N        run the tests that load a file through fewer than N others; default 2
  --concurrency N  number of test processes; default one per processor
  --help           show this help`;

/**
 * @typedef {{ paths: string[], pure: boolean, least: number | undefined, reach: number,
 *   concurrency: number | undefined, help: boolean }} MutateOptions
 */

/**
 * @param {readonly string[]} args
 * @returns {MutateOptions}
 * @throws {SetUpError} `SETUP_OPTION`
 */
export function parseMutateOptions(args) {
  /** @type {MutateOptions} */
  const options = {
    paths: [],
    pure: false,
    least: undefined,
    reach: 2,
    concurrency: undefined,
    help: false,
  };
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--pure') options.pure = true;
    else if (argument === '--help' || argument === '-h') options.help = true;
    else if (argument === '--least') options.least = numberFrom(argument, rest.shift(), 0, 100);
    else if (argument === '--reach') options.reach = numberFrom(argument, rest.shift(), 1, 99);
    else if (argument === '--concurrency') options.concurrency = numberFrom(argument, rest.shift(), 1, 64);
    else if (argument.startsWith('-')) throw optionError(`Unknown option ${argument}.`);
    else options.paths.push(readPath(argument));
  }
  if (options.paths.length === 0 && !options.help) throw optionError('Expected a folder or a file.');
  return options;
}

/**
 * @param {string} name
 * @param {string | undefined} text
 * @param {number} least
 * @param {number} most
 */
function numberFrom(name, text, least, most) {
  const value = Number(text);
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text) || value < least || value > most) {
    throw optionError(`${name} expects a number from ${least} to ${most}.`);
  }
  return value;
}

/**
 * @param {string} argument
 */
function readPath(argument) {
  const path = posix.normalize(argument.replaceAll('\\', '/')).replace(/\/$/, '');
  if (/^(electron|shared|renderer)(\/|$)/.test(path)) return path;
  throw optionError(`${argument} is not below electron/, shared/ or renderer/.`);
}

/**
 * @param {string} message
 */
function optionError(message) {
  return new SetUpError('SETUP_OPTION', message, 'Correct it and try again.', {
    details: mutateUsage,
    exitCode: 2,
  });
}

/**
 * Whether the comment at the top of a file says that its functions are pure.
 * @param {string} text
 */
export function isPure(text) {
  const head = /^\s*(?:\/\*\*[\s\S]*?\*\/|(?:\/\/[^\n]*\n)+)/.exec(text);
  return head !== null && /\bPure\b/.test(head[0]);
}

/**
 * The repository files that a module loads; type imports are erased and do not count.
 * @param {string} file
 * @param {string} text
 * @returns {string[]}
 */
export function loadedFiles(file, text) {
  const imports = text.matchAll(
    /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)';|^import '(\.[^']+)';|\bimport\('(\.[^']+)'\)/gm,
  );
  return [...imports].map((match) => posix.join(posix.dirname(file), match[1] ?? match[2] ?? match[3] ?? ''));
}

/**
 * The tests that load one of the changed files in at most `reach` steps. A more distant test loads half of core,
 * is slow, and rarely kills what the near ones miss.
 * @param {readonly string[]} tests
 * @param {readonly string[]} changed
 * @param {number} reach 1 for tests that import the file themselves
 * @param {(file: string) => string | undefined} read
 * @returns {string[]}
 */
export function relatedTests(tests, changed, reach, read) {
  const wanted = new Set(changed);
  /** @type {Map<string, string[]>} */
  const known = new Map();
  const loads = (/** @type {string} */ file) => {
    const before = known.get(file);
    if (before !== undefined) return before;
    const text = /\.[mc]?[jt]sx?$/.test(file) ? read(file) : undefined;
    const files = text === undefined ? [] : loadedFiles(file, text);
    known.set(file, files);
    return files;
  };
  return tests.filter((test) => {
    // A map that grows while it is iterated: nearest files first, each file once, cycles included.
    const steps = new Map([[test, 0]]);
    for (const [file, step] of steps) {
      if (wanted.has(file)) return true;
      if (step === reach) continue;
      for (const next of loads(file)) if (!steps.has(next)) steps.set(next, step + 1);
    }
    return false;
  });
}

/**
 * @typedef {object} MutantResult one result of Stryker's
 * @property {string} fileName
 * @property {{ start: { line: number, column: number }, end: { line: number, column: number } }} location lines
 *   and columns from 1
 * @property {string} replacement
 * @property {string} status
 */

const killedStatuses = ['Killed', 'Timeout'];
const survivedStatuses = ['Survived', 'NoCoverage'];

/**
 * The share killed of the mutants that could run, by file. Mutants that do not compile or load are not counted.
 * @param {readonly Pick<MutantResult, 'fileName' | 'status'>[]} results
 * @returns {{ file: string, killed: number, valid: number }[]}
 */
export function scoreByFile(results) {
  /** @type {Map<string, { file: string, killed: number, valid: number }>} */
  const scores = new Map();
  for (const { fileName, status } of results) {
    const score = scores.get(fileName) ?? { file: fileName, killed: 0, valid: 0 };
    scores.set(fileName, score);
    if (killedStatuses.includes(status)) score.killed += 1;
    if (killedStatuses.includes(status) || survivedStatuses.includes(status)) score.valid += 1;
  }
  return [...scores.values()].sort((one, other) => (one.file < other.file ? -1 : 1));
}

/**
 * @param {{ killed: number, valid: number }} score
 * @returns {number} 100 if there was nothing to kill
 */
export function percentKilled({ killed, valid }) {
  return valid === 0 ? 100 : (100 * killed) / valid;
}

/**
 * @param {readonly MutantResult[]} results
 * @param {(file: string) => string} read text of a mutated file
 * @returns {string} each surviving mutant with its location, then the scores
 */
export function describeMutations(results, read) {
  const survivors = results
    .filter(({ status }) => survivedStatuses.includes(status))
    .sort((one, other) =>
      one.fileName === other.fileName
        ? one.location.start.line - other.location.start.line ||
          one.location.start.column - other.location.start.column
        : one.fileName < other.fileName
          ? -1
          : 1,
    )
    .map((result) => {
      const { start } = result.location;
      const place = `${result.fileName}:${start.line}:${start.column}`;
      const reason = result.status === 'NoCoverage' ? ' (no test runs it)' : '';
      const before = oneLine(textAt(read(result.fileName), result.location));
      return `${place}${reason}\n  - ${before}\n  + ${oneLine(result.replacement)}`;
    });
  const scores = scoreByFile(results);
  const total = { file: 'total', killed: 0, valid: 0 };
  for (const { killed, valid } of scores) {
    total.killed += killed;
    total.valid += valid;
  }
  const lines = [...scores, total].map(
    (score) =>
      `${percentKilled(score).toFixed(1).padStart(5)} %  ${score.killed} of ${score.valid}  ${score.file}`,
  );
  return [...survivors, ...(survivors.length > 0 ? [''] : []), ...lines].join('\n');
}

/**
 * @param {string} text
 * @param {MutantResult['location']} location
 */
export function textAt(text, { start, end }) {
  const lines = text.split('\n').slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : undefined),
    )
    .join('\n');
}

/**
 * @param {string} text
 */
function oneLine(text) {
  const flat = text.replace(/\s+/g, ' ').trim();
  return flat.length > 160 ? `${flat.slice(0, 159)}…` : flat;
}
