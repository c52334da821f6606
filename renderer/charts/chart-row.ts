/** The values of a chart. Pure. */
export interface Series {
  key: string;
  name: string;
  colour: string;
  dashed?: boolean;
}

/** Series on each other, or a line each. */
export type ChartKind = 'stack' | 'lines';

export type Band = readonly [low: number, high: number];

/** The band of a stack as a whole: those of its series cannot be added. */
export const sumKey = ' sum';

/** A moment of a chart; a value that is missing or null was not known. */
export interface ChartRow {
  at: number;
  values: Readonly<Record<string, number | null>>;
  /** Nothing is known of this time: a gap, and not zero. */
  missing?: boolean;
  /** The lowest and the highest value behind a mean; under `sumKey` of all that is on each other. */
  bands?: Readonly<Record<string, Band>>;
}

/** The row that holds at a moment: it begins then or before. -1 if none does. Rows are in the order of time. */
export function rowAt(rows: readonly ChartRow[], at: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** A row for each step from `first` to `last`, filled from buckets with the same start; a gap where there is none. */
export function fillAxis<Bucket extends { at: number }>(
  buckets: readonly Bucket[],
  { first, last, seconds }: { first: number; last: number; seconds: number },
): { at: number; bucket: Bucket | null }[] {
  const width = seconds * 1000;
  const start = Math.floor(first / width) * width;
  const byStart = new Map(buckets.map((bucket) => [Math.floor(bucket.at / width) * width, bucket]));
  return Array.from({ length: Math.max(0, Math.ceil((last - start) / width)) }, (_, index) => {
    const at = start + index * width;
    return { at, bucket: byStart.get(at) ?? null };
  });
}

/** With the end of the last row, so that it is drawn as wide as the others. */
export function withEnd(rows: readonly ChartRow[]): ChartRow[] {
  const [before, last] = rows.slice(-2);
  return before && last ? [...rows, { ...last, at: 2 * last.at - before.at }] : [...rows];
}

/** Values separated by commas: the time by ISO 8601, numbers unrounded, nothing where nothing is known. */
export function toCsv(rows: readonly ChartRow[], series: readonly Series[]): string {
  const all = { key: sumKey, name: 'all' };
  const banded = [...series, all].filter(({ key }) => rows.some(({ bands }) => bands?.[key] !== undefined));
  const heads = [
    'time',
    ...series.map(({ name }) => name),
    ...banded.flatMap(({ name }) => [`${name} min`, `${name} max`]),
  ];
  const lines = rows.map((row): (string | number)[] => [
    new Date(row.at).toISOString(),
    ...series.map(({ key }) => (row.missing ? '' : (row.values[key] ?? ''))),
    ...banded.flatMap(({ key }): readonly (string | number)[] =>
      row.missing ? ['', ''] : (row.bands?.[key] ?? ['', '']),
    ),
  ]);
  return `${[heads, ...lines].map((line: readonly (string | number)[]) => line.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** A name that begins like a formula is text in any spreadsheet. */
function cell(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
