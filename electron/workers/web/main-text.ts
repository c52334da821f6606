/** The main text of a page: without its navigation, advertisements and footers, if it has such a text. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { decoderFor } from '../../core/indexing/charset-declared.ts';
import { decodeBytes } from '../../core/indexing/encoding.ts';
import { extractHtml } from '../../core/indexing/html.ts';
import { recognise } from '../../core/indexing/recognise-file.ts';
import type { ReadDocument } from '../documents/document.ts';
import { createTextBuilder, oneLine } from '../documents/text-builder.ts';
import { shallowHtml } from './shallow-html.ts';

/** A longer page is read without a tree; UTF-16 units. */
const MOST_HTML = 4 * 1024 * 1024;
/** What is shorter, or a smaller share of the page's text, is hardly its main text. */
const LEAST_MAIN = 200;
const LEAST_SHARE = 0.05;
const LONGEST_FIELD = 500;

interface Article {
  html: string;
  fields: Record<string, string>;
}

/**
 * Rejects with FILE_EMPTY, FILE_BINARY, FILE_ENCODING.
 * @param charset that of the server; null if it named none
 */
export async function readPage(bytes: Uint8Array, charset: string | null): Promise<ReadDocument> {
  const source = decodePage(bytes, charset);
  const whole = extractHtml(source);
  const article = source.length <= MOST_HTML ? await articleOf(source) : null;
  const main = article === null ? null : extractHtml(article.html);
  const least = Math.max(LEAST_MAIN, whole.text.length * LEAST_SHARE);
  const usesMain = main !== null && main.text.length >= least;
  const chosen = usesMain ? main : whole;
  const out = createTextBuilder();
  const { title, ...fields } = article?.fields ?? {};
  const heading = title ?? whole.headings[0]?.title ?? titleElement(source);
  // The article begins after its heading.
  if (usesMain && heading !== null && chosen.headings[0]?.title !== heading) out.heading(heading, 1);
  let at = 0;
  for (const { start, end, level, title: name } of chosen.headings) {
    out.add(chosen.text.slice(at, start));
    out.heading(name, level);
    at = end;
  }
  out.add(chosen.text.slice(at));
  const built = out.build();
  if (built.text.trim() === '')
    throw new PilotlightError('FILE_EMPTY', { message: fact('PAGE_HAS_NO_TEXT') });
  return { ...built, title: heading, format: 'html', about: { ...fields, mainText: usesMain } };
}

/** UTF-8 if it can be; otherwise what the server says, and then what the page says of itself or looks like. */
function decodePage(bytes: Uint8Array, charset: string | null): string {
  const named = charset === null ? null : decoderFor(charset);
  if (named !== null && !named.startsWith('utf-') && decodeBytes(bytes, 'utf-8') === null) {
    const text = decodeBytes(bytes, named);
    if (text !== null && !text.includes('\0')) return text;
  }
  const page = recognise(bytes, 'page.html');
  if (!page.ok) throw new PilotlightError(page.code, { message: page.reason });
  return page.text;
}

/** null for a page that has no main text, or too many elements. */
async function articleOf(source: string): Promise<Article | null> {
  const shallow = shallowHtml(source);
  if (shallow === null) return null;
  const [{ parseHTML }, { Readability }] = await Promise.all([
    import('linkedom'),
    import('@mozilla/readability'),
  ]);
  try {
    const { document } = parseHTML(withBody(shallow.html));
    const found = new Readability(document as unknown as Document, { disableJSONLD: true }).parse();
    if (!found?.content) return null;
    const { title, byline, siteName, lang, publishedTime, excerpt, content } = found;
    const given = { title, byline, siteName, language: lang, publishedTime, excerpt };
    const fields = Object.entries(given).flatMap(([name, value]) => {
      const line = typeof value === 'string' ? oneLine(value).slice(0, LONGEST_FIELD) : '';
      return line === '' ? [] : [[name, line] as const];
    });
    return { html: content, fields: Object.fromEntries(fields) };
  } catch {
    // What its rules were not made for still has a text.
    return null;
  }
}

/** Without a body there is no main text in it. */
const withBody = (html: string) => (/<body[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`);

function titleElement(source: string): string | null {
  const written = /<title[^>]{0,200}>([^<]{1,1000})<\/title/i.exec(source)?.[1];
  return written === undefined ? null : oneLine(extractHtml(written).text).slice(0, LONGEST_FIELD) || null;
}
