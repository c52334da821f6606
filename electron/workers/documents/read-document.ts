/** The text of any document: recognised by its content first, and by its name second. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import { textOfFile } from '../../core/indexing/text-of-file.ts';
import { type Archive, broken, openArchive } from './archive.ts';
import type { ReadDocument, ReadOptions } from './document.ts';
import { readBook } from './epub.ts';
import { decodeXml } from './office-package.ts';
import { readPdf } from './pdf.ts';
import { readSheets } from './sheets.ts';
import { readSlides } from './slides.ts';
import { readWord } from './word.ts';

/**
 * Rejects with FILE_EMPTY, FILE_BINARY, FILE_ENCODING, FILE_TOO_LARGE, DOCUMENT_BROKEN, DOCUMENT_ENCRYPTED,
 * DOCUMENT_UNPACKS_TOO_LARGE, or the signal's reason.
 * @param bytes the whole file
 * @param name only its last part counts
 */
export async function readDocument(
  bytes: Uint8Array,
  name: string,
  options: ReadOptions,
): Promise<ReadDocument> {
  const read = await readKnown(bytes, name, options);
  if (read.text.trim() !== '') return read;
  throw new PilotlightError('FILE_EMPTY', {
    message: fact(read.format === 'pdf' ? 'DOCUMENT_HAS_ONLY_PICTURES' : 'DOCUMENT_HAS_NO_TEXT'),
  });
}

async function readKnown(bytes: Uint8Array, name: string, options: ReadOptions): Promise<ReadDocument> {
  if (isPdf(bytes)) return readPdf(bytes, options);
  if (startsWith(bytes, COMPOUND)) throw ofCompoundFile(bytes);
  if (startsWith(bytes, ZIP)) {
    const archive = await openArchive(bytes);
    const reader = await readerOf(archive);
    if (reader !== null) return reader(archive, options.signal);
  } else if (bytes.length > 0 && isDocumentName(name)) {
    // It claims to be one of these, and is not: text, perhaps, but no document of its name.
    if (!textOfFile(bytes, 'document.txt').ok) throw broken();
  }
  const file = textOfFile(bytes, name);
  if (!file.ok) throw new PilotlightError(file.code, { message: file.reason });
  const { text, title, format, language, encoding } = file;
  return { text, title, format, places: [], about: { language, encoding } };
}

const ZIP = [0x50, 0x4b, 0x03, 0x04];
/** The container of old Office documents, and of new ones with a password. */
const COMPOUND = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/** Some programs write something before the document; readers look for its start here. */
const PDF_START_BYTES = 1024;

const startsWith = (bytes: Uint8Array, magic: readonly number[]) =>
  bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);

function isPdf(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, PDF_START_BYTES));
  const at = start.indexOf('%PDF-', 0, 'latin1');
  // A text may mention it.
  return at === 0 || (at > 0 && bytes.includes(0));
}

const isDocumentName = (name: string) => /\.(docx|docm|xlsx|xlsm|pptx|pptm|epub|pdf)$/i.test(name);

function ofCompoundFile(bytes: Uint8Array): PilotlightError {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.includes('EncryptedPackage', 0, 'utf16le')) return new PilotlightError('DOCUMENT_ENCRYPTED');
  return new PilotlightError('FILE_BINARY', {
    message: fact('FILE_HAS_FORMAT', { format: 'office-binary' }),
    next: fact('SAVE_IN_NEW_FORMAT'),
  });
}

type Reader = (archive: Archive, signal: AbortSignal) => Promise<ReadDocument>;

const officeKinds: readonly [RegExp, Reader][] = [
  [/wordprocessingml\.(document|template)\.main|ms-word\.(document|template)\.macroEnabled/, readWord],
  [/spreadsheetml\.(sheet|template)\.main|ms-excel\.(sheet|template)\.macroEnabled/, readSheets],
  [/presentationml\.(presentation|slideshow|template)\.main|ms-powerpoint\.\w+\.macroEnabled/, readSlides],
];

/** null for an archive that is no document. */
async function readerOf(archive: Archive): Promise<Reader | null> {
  const types = await archive.read('[Content_Types].xml');
  const known = types === null ? '' : decodeXml(types);
  for (const [pattern, reader] of officeKinds) if (pattern.test(known)) return reader;
  const kind = await archive.read('mimetype');
  const isBook = kind !== null && decodeXml(kind).trim() === 'application/epub+zip';
  return isBook || archive.has('META-INF/container.xml') ? readBook : null;
}
