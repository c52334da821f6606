/** The text of a Word document, with its headings, tables and notes, and the pages that it had when it was last saved. */
import { type Archive, broken } from './archive.ts';
import type { ReadDocument } from './document.ts';
import { type OfficePackage, openPackage } from './office-package.ts';
import { createTextBuilder, type TextBuilder } from './text-builder.ts';
import { readXml } from './xml-events.ts';

const FALLBACK_PART = 'word/document.xml';

export async function readWord(archive: Archive): Promise<ReadDocument> {
  const office = openPackage(archive);
  const main = (await office.related('', 'officeDocument')) ?? FALLBACK_PART;
  const source = await office.xml(main);
  if (source === null) throw broken();
  const levels = await headingLevels(office, main);
  const out = createTextBuilder();
  const pages = readBody(source, out, levels, true);
  for (const type of ['footnotes', 'endnotes']) {
    const notes = await office.related(main, type);
    const text = notes === null ? null : await office.xml(notes);
    if (text !== null) readBody(text, out, levels, false);
  }
  return { ...out.build(), title: (await office.title()) ?? out.title(), format: 'docx', about: { pages } };
}

/** The levels of the styles that are headings, by id. */
async function headingLevels(office: OfficePackage, main: string): Promise<Map<string, number>> {
  const levels = new Map<string, number>();
  const part = await office.related(main, 'styles');
  const source = part === null ? null : await office.xml(part);
  let id = '';
  readXml(source ?? '', {
    open(name, attribute) {
      if (name === 'style') id = attribute('styleId') ?? '';
      else if (name === 'name') {
        const style = attribute('val') ?? '';
        // The names of the built-in styles are the same in every language.
        const level = /^heading ([1-9])$/i.exec(style)?.[1];
        if (level !== undefined) levels.set(id, Number(level));
        else if (/^title$/i.test(style)) levels.set(id, 1);
      } else if (name === 'outlineLvl' && !levels.has(id)) {
        const level = Number(attribute('val') ?? '9');
        if (level >= 0 && level < 9) levels.set(id, level + 1);
      }
    },
  });
  return levels;
}

/** Returns the number of pages. */
function readBody(
  source: string,
  out: TextBuilder,
  levels: ReadonlyMap<string, number>,
  hasPages: boolean,
): number {
  let page = 1;
  /** A page that was begun by a break, and has no text yet: Word notes the same break twice. */
  let isFresh = true;
  let text = '';
  let level = 0;
  let isListed = false;
  let inText = 0;
  let inProperties = 0;
  let leftOut = 0;
  const cells: string[][] = [];
  if (hasPages) out.place('page', page);

  function nextPage(): void {
    if (!hasPages || (isFresh && text.trim() === '')) return;
    // The part of the paragraph before the break belongs to the page before it.
    flush('\n\n');
    page += 1;
    isFresh = true;
    out.place('page', page);
  }
  function flush(gap: '\n' | '\n\n'): void {
    const cell = cells.at(-1);
    const paragraph = text;
    text = '';
    if (paragraph.trim() === '') return;
    if (cell !== undefined) {
      cell[cell.length - 1] = `${cell.at(-1) ?? ''} ${paragraph.replace(/\s+/g, ' ')}`.trim();
      return;
    }
    isFresh = false;
    if (level > 0) out.heading(paragraph, level);
    else out.add(isListed ? `- ${paragraph.trim()}` : paragraph, isListed ? '\n' : gap);
  }

  readXml(source, {
    open(name, attribute) {
      if (name === 'Fallback') leftOut += 1;
      if (leftOut > 0) return;
      switch (name) {
        case 'p':
          flush('\n\n');
          level = 0;
          isListed = false;
          break;
        case 'pPr':
        case 'rPr':
          inProperties += 1;
          break;
        case 'pStyle':
          level = levels.get(attribute('val') ?? '') ?? 0;
          break;
        case 'numPr':
          isListed = true;
          break;
        case 't':
          inText += 1;
          break;
        case 'tab':
          if (inProperties === 0) text += '\t';
          break;
        case 'noBreakHyphen':
          text += '-';
          break;
        case 'cr':
          text += '\n';
          break;
        case 'br':
          if (attribute('type') === 'page') nextPage();
          else text += '\n';
          break;
        case 'lastRenderedPageBreak':
          nextPage();
          break;
        case 'tr':
          cells.push([]);
          break;
        case 'tc':
          cells.at(-1)?.push('');
          break;
      }
    },
    close(name) {
      if (name === 'Fallback') leftOut = Math.max(0, leftOut - 1);
      if (leftOut > 0) return;
      if (name === 't') inText = Math.max(0, inText - 1);
      else if (name === 'pPr' || name === 'rPr') inProperties = Math.max(0, inProperties - 1);
      else if (name === 'p') flush('\n\n');
      else if (name === 'tr') {
        const row = (cells.pop() ?? []).filter((cell) => cell !== '').join('\t');
        const outer = cells.at(-1);
        if (outer !== undefined) outer[outer.length - 1] = `${outer.at(-1) ?? ''} ${row}`.trim();
        else if (row !== '') {
          isFresh = false;
          out.add(row, '\n');
        }
      } else if (name === 'tbl' && cells.length === 0) out.add('', '\n\n');
    },
    text(part) {
      if (inText > 0 && leftOut === 0) text += part;
    },
  });
  flush('\n\n');
  return page;
}
