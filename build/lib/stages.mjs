// @ts-check
import { SetUpError } from './errors.mjs';

/** @typedef {'types' | 'lint' | 'layers' | 'unit' | 'contract' | 'integration' | 'end-to-end' | 'desktop' | 'real-parts' | 'package'} StageName */

/** In this order: quick and informative stages first. @type {readonly StageName[]} */
export const stageNames = [
  'types',
  'lint',
  'layers',
  'unit',
  'contract',
  'integration',
  'end-to-end',
  'desktop',
  'real-parts',
  'package',
];

/** Stages that run test files, and so accept a filter. @type {readonly StageName[]} */
export const testStages = stageNames.slice(stageNames.indexOf('unit'));

/** Stages that install programs of others first: they run where CI is set, or by name. @type {readonly StageName[]} */
export const namedStages = ['real-parts', 'package'];

/** Stages that start the built programs. @type {readonly StageName[]} */
const stagesOnBuild = ['integration', 'end-to-end', 'desktop', 'package'];

export const testUsage = `Usage: npm test -- [stage …] [filter …]
  stages: ${stageNames.join(', ')} (default: all but ${namedStages.join(', ')}, which runs where CI is set)
  filter: part of a test file's path`;

/** The summary of `npm test`. */
export const exitCodes = { passed: 0, failed: 1, usage: 2, incomplete: 3 };

/**
 * @typedef {{ stages: StageName[], filters: string[], needsBuild: boolean }} Selection
 */

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {boolean}
 */
export function isOnCi(env) {
  return (env.CI ?? '') !== '' && env.CI !== 'false';
}

/**
 * Parses what to run. A filter without a stage runs every stage that has test files.
 * @param {readonly string[]} args
 * @param {boolean} onCi
 * @returns {Selection}
 * @throws {SetUpError} `SETUP_OPTION`
 */
export function selectStages(args, onCi) {
  const option = args.find((argument) => argument.startsWith('-'));
  if (option !== undefined) {
    throw new SetUpError('SETUP_OPTION', `Unknown option ${option}.`, 'Correct it and try again.', {
      details: testUsage,
      exitCode: exitCodes.usage,
    });
  }
  const words = args.map((argument) => (argument === 'e2e' ? 'end-to-end' : argument));
  const named = stageNames.filter((name) => words.includes(name));
  const filters = words.filter((word) => !stageNames.includes(/** @type {StageName} */ (word)));
  const all = (filters.length > 0 ? testStages : stageNames).filter(
    (name) => onCi || !namedStages.includes(name),
  );
  const stages = named.length > 0 ? named : [...all];
  return { stages, filters, needsBuild: stages.some((stage) => stagesOnBuild.includes(stage)) };
}

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {object} StageResult
 * @property {StageName} stage
 * @property {'passed' | 'failed' | 'incomplete'} outcome
 * @property {Counts} counts tests; a check that is not a test counts only if it fails
 * @property {string} [fix] one line: what could not run, and how to fix that
 */

/**
 * A stage of which something could not run: incomplete, unless it also failed.
 * @template {StageResult} Result
 * @param {Result} result
 * @param {readonly (string | undefined)[]} fixes one for each missing thing
 * @returns {Result}
 */
export function incompleteWith(result, fixes) {
  const missing = fixes.filter((fix) => fix !== undefined);
  if (missing.length === 0) return result;
  const outcome = result.outcome === 'failed' ? 'failed' : 'incomplete';
  return { ...result, outcome, fix: missing.join(' ') };
}

/**
 * Summarizes the results. On CI, a stage that could not run is a failure.
 * @param {readonly StageResult[]} results
 * @param {boolean} onCi
 * @returns {{ counts: Counts, exitCode: number, closingLine: string, fixes: string[] }}
 */
export function summarise(results, onCi) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const result of results) {
    counts.passed += result.counts.passed;
    counts.failed += result.counts.failed;
    counts.skipped += result.counts.skipped;
    if (result.outcome === 'failed' && result.counts.failed === 0) counts.failed += 1;
    if (result.outcome === 'incomplete' && onCi) counts.failed += 1;
  }
  const incomplete = results.some((result) => result.outcome === 'incomplete');
  const complete = incomplete ? exitCodes.incomplete : exitCodes.passed;
  return {
    counts,
    exitCode: counts.failed > 0 ? exitCodes.failed : complete,
    closingLine: closingLine(counts),
    fixes: results.flatMap((result) => (result.fix === undefined ? [] : [result.fix])),
  };
}

/**
 * The last line of a run, for people and programs.
 * @param {Counts} counts
 * @returns {string}
 */
export function closingLine({ passed, failed, skipped }) {
  const line = `${passed} passed, ${failed} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

/**
 * The counts in a report of vitest's or Playwright's JSON reporter. A run that failed without a failed test (a file
 * that failed to load, an error outside of tests) counts as one failure.
 * @param {any} report undefined if there is none
 * @param {number} exitCode of the runner
 * @returns {Counts}
 */
export function countTests(report, exitCode) {
  const counts = readCounts(report);
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * @param {any} report
 * @returns {Counts}
 */
function readCounts(report) {
  const stats = report?.stats;
  if (stats !== undefined) {
    // A test that passed only on a retry is a defect too.
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
  }
  if (report?.numTotalTests === undefined) return { passed: 0, failed: 0, skipped: 0 };
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + (report.numTodoTests ?? 0),
  };
}
