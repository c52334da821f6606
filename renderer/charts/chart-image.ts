/** A chart as a picture, drawn from its values: no styles, fonts or scripts are embedded. */
import type { ChartKind, ChartRow, Series } from './chart-row.ts';
import { linesTop, stackTop, type VerticalAxis } from './frame.ts';
import { bandPath, linePath, type PlotFrame, sumBandPath } from './line-path.ts';
import { stackLayers } from './stack.ts';
import { timeTicks } from './time-axis.ts';

export interface ChartPicture extends VerticalAxis {
  title: string;
  /** `the last hour` */
  label: string;
  kind: ChartKind;
  rows: readonly ChartRow[];
  series: readonly Series[];
  format: (value: number, key: string) => string;
  first: number;
  last: number;
  formatTick(at: number): string;
}

/** Pixels, before the scale of the picture. */
const size = { width: 960, height: 420 };
const scale = 2;
const edge = 24;
const sans = 'Inter, system-ui, sans-serif';

/** A PNG in the colours of the page. */
export async function drawChart(picture: ChartPicture): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = size.width * scale;
  canvas.height = size.height * scale;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser cannot draw pictures.');
  context.scale(scale, scale);
  paint(context, picture);
  return await new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('This browser cannot save pictures.'))),
      'image/png',
    );
  });
}

function paint(context: CanvasRenderingContext2D, picture: ChartPicture): void {
  const { kind, rows, series, first, last, format } = picture;
  const style = getComputedStyle(document.documentElement);
  const colour = (value: string) => {
    const name = /^var\((--[\w-]+)\)$/.exec(value)?.[1];
    return name === undefined ? value : style.getPropertyValue(name).trim();
  };
  const text = (value: string, x: number, y: number, fill: string, font: string) => {
    context.fillStyle = colour(fill);
    context.font = `${font} ${sans}`;
    context.fillText(value, x, y);
  };
  context.fillStyle = colour('var(--surface)');
  context.fillRect(0, 0, size.width, size.height);
  context.textBaseline = 'alphabetic';
  text(picture.title, edge, 38, 'var(--text)', '600 17px');
  text(picture.label, edge, 60, 'var(--text-soft)', '13px');

  const top = kind === 'stack' ? stackTop(rows, picture) : linesTop(rows, series, picture);
  const frame: PlotFrame = {
    x: 100,
    y: 84,
    width: size.width - 100 - edge,
    height: size.height - 84 - 76,
    first,
    last,
    top,
  };
  context.lineWidth = 1;
  context.textAlign = 'right';
  for (const level of [0, 0.5, 1]) {
    const y = frame.y + frame.height * (1 - level);
    context.strokeStyle = colour('var(--line)');
    context.stroke(new Path2D(`M${frame.x} ${y}H${frame.x + frame.width}`));
    text(format(top * level, ''), frame.x - 10, y + 4, 'var(--text-faint)', '12px');
  }
  context.textAlign = 'center';
  for (const at of timeTicks(first, last)) {
    const x = frame.x + ((at - first) / Math.max(1, last - first)) * frame.width;
    text(picture.formatTick(at), x, frame.y + frame.height + 20, 'var(--text-faint)', '12px');
  }
  context.textAlign = 'left';
  drawSeries(context, picture, frame, colour);
  drawLegend(context, series, colour, text);
}

function drawSeries(
  context: CanvasRenderingContext2D,
  { kind, rows, series }: ChartPicture,
  frame: PlotFrame,
  colour: (value: string) => string,
): void {
  context.lineWidth = 1.75;
  context.lineJoin = 'round';
  if (kind === 'stack') {
    context.fillStyle = colour('var(--text-faint)');
    context.globalAlpha = 0.22;
    context.fill(new Path2D(sumBandPath(rows, frame)));
    for (const layer of stackLayers(rows, series, frame).toReversed()) {
      context.fillStyle = context.strokeStyle = colour(layer.colour);
      context.globalAlpha = 0.4;
      context.fill(new Path2D(layer.area));
      context.globalAlpha = 1;
      context.stroke(new Path2D(layer.line));
    }
    return;
  }
  for (const one of series) {
    context.fillStyle = colour(one.colour);
    context.globalAlpha = 0.22;
    context.fill(new Path2D(bandPath(rows, one.key, frame)));
  }
  context.globalAlpha = 1;
  for (const one of series) {
    context.strokeStyle = colour(one.colour);
    context.setLineDash(one.dashed ? [5, 4] : []);
    context.stroke(new Path2D(linePath(rows, one.key, frame)));
  }
  context.setLineDash([]);
}

function drawLegend(
  context: CanvasRenderingContext2D,
  series: readonly Series[],
  colour: (value: string) => string,
  text: (value: string, x: number, y: number, fill: string, font: string) => void,
): void {
  let x = edge;
  const y = size.height - 22;
  for (const one of series) {
    context.font = `13px ${sans}`;
    const width = context.measureText(one.name).width + 34;
    if (x + width > size.width - edge) {
      text('…', x, y, 'var(--text-soft)', '13px');
      return;
    }
    context.fillStyle = colour(one.colour);
    context.fillRect(x, y - 9, 9, 9);
    text(one.name, x + 15, y, 'var(--text-soft)', '13px');
    x += width;
  }
}
