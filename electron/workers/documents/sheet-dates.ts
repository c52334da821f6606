/** Dates in a workbook are numbers of days; only the format of their cells says that they are dates. */
import type { OfficePackage } from './office-package.ts';
import { readXml } from './xml-events.ts';

export interface CellDates {
  /** The date or time of a cell in ISO 8601; null if its style shows a number. */
  text(style: number, value: number): string | null;
}

const DAY_MS = 86_400_000;
/** Day 0. Excel counts a 29 February 1900 that never was, so this is right from March 1900 on. */
const DAY_0 = Date.UTC(1899, 11, 30);
const DAY_0_OF_1904 = Date.UTC(1904, 0, 1);
/** 31 December 9999, the last date that Excel knows. */
const LAST_DAY = 2_958_465;

const isBuiltinDate = (format: number) =>
  (format >= 14 && format <= 22) || (format >= 27 && format <= 36) || (format >= 45 && format <= 47);

/** Without texts, colours and what a backslash protects. `m` alone could be minutes, but never a number. */
const isDateFormat = (code: string) =>
  /[ymdhs]/i.test(code.replace(/"[^"]*"|\\.|_.|\[(?!h+\]|m+\]|s+\])[^\]]*\]|general/gi, ''));

export async function readCellDates(
  office: OfficePackage,
  workbook: string,
  starts1904: boolean,
): Promise<CellDates> {
  const part = await office.related(workbook, 'styles');
  const source = part === null ? null : await office.xml(part);
  const formats = new Map<number, boolean>();
  const styles: number[] = [];
  let inCells = false;
  readXml(source ?? '', {
    open(name, attribute) {
      if (name === 'cellXfs') inCells = true;
      else if (name === 'numFmt') {
        formats.set(Number(attribute('numFmtId')), isDateFormat(attribute('formatCode') ?? ''));
      } else if (name === 'xf' && inCells) styles.push(Number(attribute('numFmtId') ?? '0'));
    },
    close(name) {
      if (name === 'cellXfs') inCells = false;
    },
  });
  return {
    text(style, value) {
      const format = styles[style];
      if (format === undefined || !(formats.get(format) ?? isBuiltinDate(format))) return null;
      if (!(value >= 0 && value <= LAST_DAY)) return null;
      return isoOf(value, starts1904);
    },
  };
}

function isoOf(days: number, starts1904: boolean): string {
  const start = starts1904 ? DAY_0_OF_1904 : DAY_0;
  // To the second: fractions of a day are not exact.
  const iso = new Date(start + Math.round(days * 86_400) * 1000).toISOString();
  const [date = '', time = ''] = iso.slice(0, 19).split('T');
  if (days < 1) return time;
  return (Math.round(days * 86_400) * 1000) % DAY_MS === 0 ? date : `${date} ${time}`;
}
