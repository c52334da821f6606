import type { ChartRow, Series } from './chart-row.ts';
import type { PlotFrame } from './line-path.ts';

export interface StackLayer {
  key: string;
  colour: string;
  /** The upper edge: a row holds until the next one. */
  line: string;
  area: string;
}

/** The series on each other, the first at the bottom, as paths of steps; what is missing is a gap in each. */
export function stackLayers(
  rows: readonly ChartRow[],
  series: readonly Series[],
  frame: PlotFrame,
): StackLayer[] {
  const runs = runsOf(rows).map((run) => stackRun(run, series, frame));
  return series.map(({ key, colour }, index) => ({
    key,
    colour,
    line: runs.map((run) => run[index]?.line ?? '').join(''),
    area: runs.map((run) => run[index]?.area ?? '').join(''),
  }));
}

/** Rows without a gap between them; each run ends where the gap begins. */
function runsOf(rows: readonly ChartRow[]): ChartRow[][] {
  const runs: ChartRow[][] = [];
  let run: ChartRow[] = [];
  for (const row of rows) {
    const before = run.at(-1);
    if (!row.missing) run.push(row);
    else if (before !== undefined) {
      runs.push([...run, { at: row.at, values: before.values }]);
      run = [];
    }
  }
  return run.length > 0 ? [...runs, run] : runs;
}

function stackRun(rows: readonly ChartRow[], series: readonly Series[], frame: PlotFrame) {
  const { x, y, width, height, first, last, top } = frame;
  const share = (at: number) => Math.min(1, Math.max(0, (at - first) / Math.max(1, last - first)));
  const across = (at: number) => (x + share(at) * width).toFixed(1);
  const up = (value: number) => (y + height - (Math.min(top, value) / top) * height).toFixed(1);
  const begins = rows.map(({ at }) => across(at));
  const under = new Float64Array(rows.length);
  let lower = '';
  return series.map(({ key }) => {
    const levels = rows.map(({ values }, index) => {
      under[index] = (under[index] ?? 0) + (values[key] ?? 0);
      return up(under[index] ?? 0);
    });
    const line = steps(begins, levels);
    const floor = lower === '' ? `L${begins.at(-1)} ${up(0)}H${begins[0]}` : lower;
    lower = stepsBack(begins, levels);
    return { line, area: `${line}${floor}Z` };
  });
}

/** From left to right; a level that stays is one stroke. */
function steps(begins: readonly string[], levels: readonly string[]): string {
  const parts = [`M${begins[0]} ${levels[0]}`];
  for (let index = 1; index < levels.length; index += 1) {
    if (levels[index] !== levels[index - 1]) parts.push(`H${begins[index]}V${levels[index]}`);
  }
  return `${parts.join('')}H${begins.at(-1)}`;
}

/** The same edge from right to left, to close what lies above it. */
function stepsBack(begins: readonly string[], levels: readonly string[]): string {
  const parts = [`L${begins.at(-1)} ${levels.at(-1)}`];
  for (let index = levels.length - 1; index > 0; index -= 1) {
    if (levels[index] !== levels[index - 1]) parts.push(`H${begins[index]}V${levels[index - 1]}`);
  }
  return `${parts.join('')}H${begins[0]}`;
}
