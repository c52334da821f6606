// @ts-check
import { formatSeconds } from './progress.mjs';

/**
 * A table of the cases by release, from the report of vitest's JSON reporter.
 * @param {any} report undefined where there is none
 * @returns {{ lines: string[], failed: number }}
 */
export function vmSummary(report) {
  if (report?.testResults === undefined) return { lines: ['No results: the run ended early.'], failed: 1 };
  /** @type {Map<string, Map<string, string>>} */
  const cases = new Map();
  /** @type {Map<string, { passed: number, failed: number, ms: number }>} */
  const totals = new Map();
  for (const file of report.testResults) {
    for (const { ancestorTitles, title, status, duration } of file.assertionResults) {
      const release = ancestorTitles[0] ?? '';
      if (status !== 'passed' && status !== 'failed') continue;
      const ms = duration ?? 0;
      const row = cases.get(title) ?? new Map();
      row.set(release, `${status} ${formatSeconds(ms)}`);
      cases.set(title, row);
      const total = totals.get(release) ?? { passed: 0, failed: 0, ms: 0 };
      total[/** @type {'passed' | 'failed'} */ (status)] += 1;
      total.ms = Math.max(total.ms, file.endTime - file.startTime);
      totals.set(release, total);
    }
  }
  const columns = [...totals.keys()];
  const width = Math.max(4, ...[...cases.keys()].map((title) => title.length));
  const line = (/** @type {string} */ name, /** @type {string[]} */ cells) =>
    [name.padEnd(width), ...cells.map((cell) => cell.padEnd(16))].join('  ').trimEnd();
  const lines = [
    line('case', columns),
    ...[...cases].map(([title, row]) =>
      line(
        title,
        columns.map((column) => row.get(column) ?? '-'),
      ),
    ),
    ...[...totals].map(
      ([release, { passed, failed, ms }]) =>
        `${release}: ${passed} passed, ${failed} failed, ${formatSeconds(ms)}`,
    ),
  ];
  const failedTests = [...totals.values()].reduce((sum, { failed }) => sum + failed, 0);
  const failedFiles = report.testResults.filter(
    (/** @type {any} */ file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const failed = failedTests + failedFiles;
  return { lines, failed: totals.size === 0 ? Math.max(1, failed) : failed };
}
