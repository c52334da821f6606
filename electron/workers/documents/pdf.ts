/** The text of a PDF, page by page, by pdf.js without its renderer. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { broken } from './archive.ts';
import type { ReadDocument, ReadOptions } from './document.ts';
import { createTextBuilder, oneLine } from './text-builder.ts';

const MOST_PAGES = 50_000;
/** The distance of two lines, in heights of the upper one, from which on they are in different paragraphs. */
const PARAGRAPH_GAP = 1.8;

interface Run {
  str: string;
  hasEOL: boolean;
  height: number;
  /** The last two are its position. */
  transform: number[];
}

export async function readPdf(bytes: Uint8Array, { signal, progress }: ReadOptions): Promise<ReadDocument> {
  // It is large, and most documents are none.
  const { getDocumentProxy } = await import('unpdf');
  // It takes the buffer for itself.
  const pdf = await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 }).catch(refuse);
  try {
    const pages = pdf.numPages;
    if (pages > MOST_PAGES) {
      throw new PilotlightError('FILE_TOO_LARGE', {
        message: fact('DOCUMENT_TOO_MANY_PAGES', { pages, limit: MOST_PAGES }),
      });
    }
    const out = createTextBuilder();
    let damaged = 0;
    for (let number = 1; number <= pages; number += 1) {
      signal.throwIfAborted();
      out.place('page', number);
      try {
        const page = await pdf.getPage(number);
        const { items } = await page.getTextContent();
        out.add(textOfRuns(items as Partial<Run>[]));
        page.cleanup();
      } catch (error) {
        if (error instanceof PilotlightError) throw error;
        // One damaged page is no reason to lose the others.
        damaged += 1;
      }
      progress(number / pages);
    }
    if (damaged === pages) throw broken();
    const about = { pages, ...(damaged > 0 ? { damagedPages: damaged } : {}) };
    return { ...out.build(), title: await titleOf(pdf), format: 'pdf', about };
  } finally {
    await pdf.loadingTask.destroy().catch(() => {});
  }
}

function textOfRuns(runs: readonly Partial<Run>[]): string {
  let text = '';
  let lineY: number | null = null;
  let lineHeight = 0;
  for (const { str, hasEOL, height = 0, transform } of runs) {
    if (str === undefined) continue;
    const y = transform?.[5] ?? 0;
    if (str.trim() !== '') {
      if (text.endsWith('\n') && lineY !== null && lineHeight > 0) {
        if (Math.abs(lineY - y) > lineHeight * PARAGRAPH_GAP && !text.endsWith('\n\n')) text += '\n';
      }
      lineY = y;
      lineHeight = height;
    }
    text += str;
    if (hasEOL) text += '\n';
  }
  // Fonts without names of characters leave NUL bytes.
  return text.replaceAll('\0', '').replace(/[ \t]+\n/g, '\n');
}

async function titleOf(pdf: { getMetadata(): Promise<{ info: object }> }): Promise<string | null> {
  const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
  const { Title: title } = info as { Title?: unknown };
  const line = typeof title === 'string' ? oneLine(title).slice(0, 200) : '';
  // What programs write into a document without a title.
  return line === '' || /^untitled$|^microsoft word - /i.test(line) ? null : line;
}

function refuse(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') throw new PilotlightError('DOCUMENT_ENCRYPTED', { cause: error });
  throw broken(error);
}
