/** The frame that all charts of a page share, so that a moment is at the same place on each. Pure. */
import { type ChartRow, type Series, sumKey } from './chart-row.ts';
import { niceAbove } from './nice.ts';

/** Pixels beside and above the plot. */
export const plotInsets = { left: 72, right: 8, top: 8 } as const;
/** The height of the labels below it. */
export const axisPixels = 26;

export interface VerticalAxis {
  /** The least height of the axis. */
  least?: number | undefined;
  /** What the axis counts in, so that its ticks are round: 1, or the bytes of a gigabyte. */
  unit?: number | undefined;
  /** The height of the axis, where it is known, such as the memory of a card. */
  top?: number | undefined;
}

const axisTop = (highest: number, { least = 1, unit = 1, top }: VerticalAxis): number =>
  top !== undefined && highest <= top ? top : niceAbove(Math.max(least, highest) / unit) * unit;

export function stackTop(rows: readonly ChartRow[], axis: VerticalAxis): number {
  let highest = 0;
  for (const { values, bands } of rows) {
    let sum = 0;
    for (const value of Object.values(values)) sum += value ?? 0;
    highest = Math.max(highest, sum, bands?.[sumKey]?.[1] ?? 0);
  }
  return axisTop(highest, axis);
}

export function linesTop(rows: readonly ChartRow[], series: readonly Series[], axis: VerticalAxis): number {
  let highest = 0;
  for (const { values, bands } of rows)
    for (const { key } of series) highest = Math.max(highest, values[key] ?? 0, bands?.[key]?.[1] ?? 0);
  return axisTop(highest, axis);
}
