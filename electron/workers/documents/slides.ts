/** The text of a PowerPoint presentation: a place for each slide, with its table cells and its notes. */
import { type Archive, broken } from './archive.ts';
import type { ReadDocument } from './document.ts';
import { openPackage } from './office-package.ts';
import { createTextBuilder, type TextBuilder } from './text-builder.ts';
import { readXml } from './xml-events.ts';

const FALLBACK_PART = 'ppt/presentation.xml';
/** What repeats on each slide. */
const LEFT_OUT = new Set(['sldNum', 'dt', 'ftr', 'hdr']);

export async function readSlides(archive: Archive, signal: AbortSignal): Promise<ReadDocument> {
  const office = openPackage(archive);
  const main = (await office.related('', 'officeDocument')) ?? FALLBACK_PART;
  const presentation = await office.xml(main);
  if (presentation === null) throw broken();
  const targets = new Map((await office.relations(main)).map(({ id, target }) => [id, target]));
  const ids = slideIds(presentation);
  const out = createTextBuilder();
  for (const [index, id] of ids.entries()) {
    signal.throwIfAborted();
    const part = targets.get(id);
    const source = part === undefined ? null : await office.xml(part);
    if (part === undefined || source === null) continue;
    out.place('slide', index + 1);
    readShapes(source, out, true);
    const notes = await office.related(part, 'notesSlide');
    const notesSource = notes === null ? null : await office.xml(notes);
    if (notesSource !== null) readShapes(notesSource, out, false);
  }
  return {
    ...out.build(),
    title: (await office.title()) ?? out.title(),
    format: 'pptx',
    about: { slides: ids.length },
  };
}

function slideIds(presentation: string): string[] {
  const ids: string[] = [];
  readXml(presentation, {
    open(name, attribute) {
      // Its own `id` is a number; the reference has a prefix.
      if (name === 'sldId') ids.push(attribute(':id') ?? '');
    },
  });
  return ids;
}

function readShapes(source: string, out: TextBuilder, isSlide: boolean): void {
  let text = '';
  let inText = 0;
  let leftOut = 0;
  let placeholder = '';
  let row: string[] | null = null;

  function flush(): void {
    const paragraph = text;
    text = '';
    if (paragraph.trim() === '' || LEFT_OUT.has(placeholder)) return;
    if (row !== null && row.length > 0) {
      row[row.length - 1] = `${row.at(-1) ?? ''} ${paragraph.trim()}`.trim();
    } else if (isSlide && /^(title|ctrTitle)$/.test(placeholder)) out.heading(paragraph, 2);
    else out.add(paragraph, '\n');
  }
  readXml(source, {
    open(name, attribute) {
      if (name === 'Fallback') leftOut += 1;
      else if (name === 'sp') placeholder = '';
      else if (name === 'ph') placeholder = attribute('type') ?? 'body';
      else if (name === 't') inText += 1;
      else if (name === 'br') text += ' ';
      else if (name === 'tr') row = [];
      else if (name === 'tc') row?.push('');
    },
    close(name) {
      if (name === 'Fallback') leftOut = Math.max(0, leftOut - 1);
      else if (name === 't') inText = Math.max(0, inText - 1);
      else if (name === 'p') flush();
      else if (name === 'sp') placeholder = '';
      else if (name === 'tr') {
        const line = (row ?? []).filter((cell) => cell !== '').join('\t');
        row = null;
        out.add(line, '\n');
      }
    },
    text(part) {
      if (inText > 0 && leftOut === 0) text += part;
    },
  });
}
