/** Lines and bands over time, as SVG paths with gaps where nothing is known. Pure. */
import { type ChartRow, sumKey } from './chart-row.ts';

/** The pixel area of a plot, and the values that its sides represent. */
export interface PlotFrame {
  x: number;
  y: number;
  width: number;
  height: number;
  first: number;
  last: number;
  top: number;
}

/** Where a moment and a value are; both stay inside. */
function placesIn({ x, y, width, height, first, last, top }: PlotFrame) {
  const within = (share: number) => Math.min(1, Math.max(0, share));
  return {
    across: (at: number) => (x + within((at - first) / Math.max(1, last - first)) * width).toFixed(1),
    up: (value: number) => (y + height - within(value / top) * height).toFixed(1),
  };
}

/** A single known value between gaps is a short stroke, so that it can be seen. */
export function linePath(rows: readonly ChartRow[], key: string, frame: PlotFrame): string {
  const { across, up } = placesIn(frame);
  let path = '';
  let pen = 'M';
  rows.forEach(({ at, values }, index) => {
    const value = values[key] ?? null;
    if (value === null) {
      pen = 'M';
      return;
    }
    const isAlone = pen === 'M' && (rows[index + 1]?.values[key] ?? null) === null;
    path += `${pen}${across(at)} ${up(value)}`;
    if (isAlone) path += 'h1';
    pen = 'L';
  });
  return path;
}

/** What lies between the lowest and the highest value of each row. */
export function bandPath(rows: readonly ChartRow[], key: string, frame: PlotFrame): string {
  const { across, up } = placesIn(frame);
  let path = '';
  let run: { x: string; low: number; high: number }[] = [];
  const end = () => {
    if (run.length > 1) {
      const over = run.map(({ x, high }) => `${x} ${up(high)}`);
      const under = run.map(({ x, low }) => `${x} ${up(low)}`).toReversed();
      path += `M${over.join('L')}L${under.join('L')}Z`;
    }
    run = [];
  };
  for (const { at, bands } of rows) {
    const band = bands?.[key];
    if (band === undefined) end();
    else run.push({ x: across(at), low: band[0], high: band[1] });
  }
  end();
  return path;
}

/** What lies between the lowest and the highest sum, in steps as a stack has them: each row holds until the next one. */
export function sumBandPath(rows: readonly ChartRow[], frame: PlotFrame): string {
  const { across, up } = placesIn(frame);
  let path = '';
  rows.forEach(({ at, bands }, index) => {
    const band = bands?.[sumKey];
    const next = rows[index + 1];
    if (band === undefined || next === undefined) return;
    path += `M${across(at)} ${up(band[1])}H${across(next.at)}V${up(band[0])}H${across(at)}Z`;
  });
  return path;
}
