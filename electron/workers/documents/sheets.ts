/** The cells of an Excel workbook: a line for each row, a place for each sheet. Numbers are as they are saved. */
import { type Archive, broken } from './archive.ts';
import type { ReadDocument } from './document.ts';
import { type OfficePackage, openPackage } from './office-package.ts';
import { type CellDates, readCellDates } from './sheet-dates.ts';
import { createTextBuilder, type TextBuilder } from './text-builder.ts';
import { readXml } from './xml-events.ts';

const FALLBACK_PART = 'xl/workbook.xml';

export async function readSheets(archive: Archive, signal: AbortSignal): Promise<ReadDocument> {
  const office = openPackage(archive);
  const main = (await office.related('', 'officeDocument')) ?? FALLBACK_PART;
  const workbook = await office.xml(main);
  if (workbook === null) throw broken();
  const targets = new Map((await office.relations(main)).map(({ id, target }) => [id, target]));
  const strings = await sharedStrings(office, main);
  const { sheets, starts1904 } = sheetsOf(workbook);
  const dates = await readCellDates(office, main, starts1904);
  const out = createTextBuilder();
  for (const [index, { name, id }] of sheets.entries()) {
    signal.throwIfAborted();
    const part = targets.get(id);
    const source = part === undefined ? null : await office.xml(part);
    if (source === null) continue;
    out.place('sheet', index + 1, name);
    readSheet(source, { out, name, strings, dates });
  }
  // The name of a sheet is no title of the whole.
  return { ...out.build(), title: await office.title(), format: 'xlsx', about: { sheets: sheets.length } };
}

function sheetsOf(workbook: string): { sheets: { name: string; id: string }[]; starts1904: boolean } {
  const sheets: { name: string; id: string }[] = [];
  let starts1904 = false;
  readXml(workbook, {
    open(name, attribute) {
      if (name === 'sheet') sheets.push({ name: attribute('name') ?? '', id: attribute('id') ?? '' });
      else if (name === 'workbookPr') starts1904 = /^(1|true)$/.test(attribute('date1904') ?? '');
    },
  });
  return { sheets, starts1904 };
}

async function sharedStrings(office: OfficePackage, main: string): Promise<string[]> {
  const part = await office.related(main, 'sharedStrings');
  const source = part === null ? null : await office.xml(part);
  const strings: string[] = [];
  let text = '';
  let inText = 0;
  // How a text in Japanese is read aloud.
  let inReading = 0;
  readXml(source ?? '', {
    open(name) {
      if (name === 'si') text = '';
      else if (name === 't') inText += 1;
      else if (name === 'rPh') inReading += 1;
    },
    close(name) {
      if (name === 'si') strings.push(cellText(text));
      else if (name === 't') inText = Math.max(0, inText - 1);
      else if (name === 'rPh') inReading = Math.max(0, inReading - 1);
    },
    text(part) {
      if (inText > 0 && inReading === 0) text += part;
    },
  });
  return strings;
}

const cellText = (text: string) => (/[\t\r\n]/.test(text) ? text.replace(/\s+/g, ' ') : text);

function readSheet(
  source: string,
  {
    out,
    name: title,
    strings,
    dates,
  }: { out: TextBuilder; name: string; strings: string[]; dates: CellDates },
): void {
  let row: string[] = [];
  let type = '';
  let style = 0;
  let value = '';
  let reads = false;
  let isFirst = true;

  function endRow(): void {
    const line = row.join('\t');
    row = [];
    if (line.trim() === '') return;
    if (isFirst) out.heading(title, 2);
    out.add(line, isFirst ? '\n\n' : '\n');
    isFirst = false;
  }
  readXml(source, {
    open(name, attribute) {
      if (name === 'c') {
        type = attribute('t') ?? 'n';
        style = Number(attribute('s') ?? '0');
        value = '';
      } else if (name === 'v' || name === 't') reads = true;
    },
    close(name) {
      if (name === 'v' || name === 't') reads = false;
      else if (name === 'c') {
        const shown = shownValue(type, value, style);
        if (shown !== '') row.push(shown);
      } else if (name === 'row') endRow();
    },
    text(part) {
      if (reads) value += part;
    },
  });
  endRow();

  function shownValue(kind: string, raw: string, cellStyle: number): string {
    if (kind === 's') return strings[Number(raw)] ?? '';
    if (kind === 'b') return raw === '1' ? 'TRUE' : raw === '' ? '' : 'FALSE';
    if (kind === 'n' && raw !== '') return dates.text(cellStyle, Number(raw)) ?? raw;
    return cellText(raw);
  }
}
