/** The text of an EPUB book: a place for each chapter, in reading order (EPUB 3.3, and 2). */
import { posix } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { extractHtml } from '../../core/indexing/html.ts';
import { recognise } from '../../core/indexing/recognise-file.ts';
import { type Archive, broken } from './archive.ts';
import type { ReadDocument } from './document.ts';
import { decodeXml, textOfElement } from './office-package.ts';
import { createTextBuilder, type TextBuilder } from './text-builder.ts';
import { readXml } from './xml-events.ts';

const CONTAINER = 'META-INF/container.xml';
const ENCRYPTION = 'META-INF/encryption.xml';
/** How fonts are obfuscated, which protects no text. */
const FONT_ALGORITHMS = /^http:\/\/(www\.idpf\.org\/2008\/embedding|ns\.adobe\.com\/pdf\/enc#RC)$/;

export async function readBook(archive: Archive, signal: AbortSignal): Promise<ReadDocument> {
  const packagePath = await packageOf(archive);
  const source = await xml(archive, packagePath);
  if (source === null) throw broken();
  const chapters = chaptersOf(source, posix.dirname(packagePath));
  const locked = await encryptedParts(archive);
  if (chapters.some((part) => locked.has(part))) throw new PilotlightError('DOCUMENT_ENCRYPTED');
  const names = await chapterNames(archive, source, posix.dirname(packagePath));
  const out = createTextBuilder();
  let number = 0;
  for (const part of chapters) {
    signal.throwIfAborted();
    const bytes = await archive.read(part);
    if (bytes === null) continue;
    const page = recognise(bytes, 'chapter.xhtml');
    if (!page.ok) continue;
    number += 1;
    const before = out.length();
    addChapter(extractHtml(page.text), out, { number, name: names.get(part) ?? null });
    if (out.length() === before) number -= 1;
  }
  return {
    ...out.build(),
    title: textOfElement(source, 'title') ?? out.title(),
    format: 'epub',
    about: { chapters: number, ...authorOf(source) },
  };
}

function addChapter(
  { text, headings }: ReturnType<typeof extractHtml>,
  out: TextBuilder,
  { number, name }: { number: number; name: string | null },
): void {
  out.place('chapter', number, name ?? headings[0]?.title ?? null);
  let at = 0;
  for (const { start, end, level, title } of headings) {
    out.add(text.slice(at, start));
    out.heading(title, level);
    at = end;
  }
  out.add(text.slice(at));
}

async function xml(archive: Archive, part: string): Promise<string | null> {
  const bytes = await archive.read(part);
  return bytes === null ? null : decodeXml(bytes);
}

async function packageOf(archive: Archive): Promise<string> {
  const source = await xml(archive, CONTAINER);
  let path: string | null = null;
  readXml(source ?? '', {
    open(name, attribute) {
      if (name === 'rootfile') path ??= attribute('full-path');
    },
  });
  if (path === null) throw broken();
  return path;
}

/** The parts with text, in reading order. */
function chaptersOf(source: string, folder: string): string[] {
  const parts = new Map<string, string>();
  const order: string[] = [];
  readXml(source, {
    open(name, attribute) {
      if (name === 'item' && /html/.test(attribute('media-type') ?? '')) {
        parts.set(attribute('id') ?? '', resolvePart(folder, attribute('href') ?? ''));
      } else if (name === 'itemref') order.push(attribute('idref') ?? '');
    },
  });
  return [...new Set(order.flatMap((id) => parts.get(id) ?? []))];
}

/** The names in the table of contents, by part. */
async function chapterNames(archive: Archive, source: string, folder: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  let contents: string | null = null;
  readXml(source, {
    open(name, attribute) {
      if (name !== 'item') return;
      const isNav = /(^|\s)nav(\s|$)/.test(attribute('properties') ?? '');
      const isNcx = attribute('media-type') === 'application/x-dtbncx+xml';
      if (isNav || (isNcx && contents === null)) contents = resolvePart(folder, attribute('href') ?? '');
    },
  });
  const table = contents === null ? null : await xml(archive, contents);
  if (contents === null || table === null) return names;
  const base = posix.dirname(contents);
  let label = '';
  let target: string | null = null;
  function keep(): void {
    const part = target === null ? '' : resolvePart(base, target);
    const name = label.trim();
    if (part !== '' && name !== '' && !names.has(part)) names.set(part, name);
  }
  readXml(table, {
    open(name, attribute) {
      if (name === 'navPoint' || name === 'a') label = '';
      if (name === 'a') target = attribute('href');
      if (name === 'content') {
        target = attribute('src');
        keep();
      }
    },
    close(name) {
      if (name === 'a') keep();
    },
    text(part) {
      label += part;
    },
  });
  return names;
}

async function encryptedParts(archive: Archive): Promise<Set<string>> {
  const source = await xml(archive, ENCRYPTION);
  const parts = new Set<string>();
  let isFont = false;
  readXml(source ?? '', {
    open(name, attribute) {
      if (name === 'EncryptionMethod') isFont = FONT_ALGORITHMS.test(attribute('Algorithm') ?? '');
      else if (name === 'CipherReference' && !isFont) parts.add(resolvePart('', attribute('URI') ?? ''));
    },
  });
  return parts;
}

function authorOf(source: string): { author?: string } {
  const author = textOfElement(source, 'creator');
  return author === null ? {} : { author: author.slice(0, 200) };
}

/** The name of a part that an address in the book refers to. */
function resolvePart(folder: string, href: string): string {
  const path = href.replace(/[?#].*$/s, '');
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // A percent sign in a name.
  }
  return posix.join(folder === '.' ? '' : folder, decoded);
}
