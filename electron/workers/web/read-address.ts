/** The text of whatever is at a web address: the main text of a page, or that of a document. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { ReadDocument, ReadOptions } from '../documents/document.ts';
import { readDocument } from '../documents/read-document.ts';
import { type FetchedPage, type FetchTools, fetchPage } from './fetch-page.ts';
import { readPage } from './main-text.ts';

const PAGES = new Set(['text/html', 'application/xhtml+xml']);
const OTHER_MEDIA = /^(image|audio|video|font)\//;

export interface ReadAddress extends ReadDocument {
  /** After redirects. */
  url: string;
  sizeBytes: number;
}

/** Rejects as `fetchPage` and `readDocument` do, and with WEB_NOT_TEXT. */
export async function readAddress(
  address: string,
  tools: FetchTools,
  { signal, progress }: ReadOptions,
): Promise<ReadAddress> {
  const page = await fetchPage(address, tools, signal);
  progress(0.5);
  if (OTHER_MEDIA.test(page.type)) {
    throw new PilotlightError('WEB_NOT_TEXT', {
      message: fact('WEB_HAS_TYPE', { type: page.type.slice(0, 100) }),
    });
  }
  const read = isPage(page)
    ? await readPage(page.bytes, page.charset)
    : await readDocument(page.bytes, nameOf(page.url), {
        signal,
        progress: (share) => progress(0.5 + share / 2),
      });
  const { url, bytes } = page;
  return { ...read, about: { ...read.about, url }, url, sizeBytes: bytes.length };
}

/** By its type, and where the server names none or lies, by its beginning. */
function isPage({ type, bytes }: FetchedPage): boolean {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 1024)).trimStart();
  if (start.startsWith('%PDF-') || start.startsWith('PK\x03\x04')) return false;
  return (
    PAGES.has(type) || (!/^text\/(plain|markdown|csv)/.test(type) && /^(<!doctype html|<html)/i.test(start))
  );
}

function nameOf(url: string): string {
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  return last === '' ? 'page' : last;
}
