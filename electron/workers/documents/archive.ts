/**
 * The only reader of ZIP archives: documents are archives of other people. What it would unpack to is compared with the
 * limits before a byte is inflated, and inflating stops where the archive's own figures were a lie. Nothing is ever
 * written to a path that an archive names.
 */
import { inflateRawSync } from 'node:zlib';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../shared/models/message.ts';

export interface ArchiveLimits {
  entries: number;
  /** Inflated bytes of one entry, of all entries, and of all that are read. */
  entryBytes: number;
  allBytes: number;
  readBytes: number;
  /** Inflated by packed bytes, for entries of more than `ratioFrom` bytes. */
  ratio: number;
  ratioFrom: number;
}

const MIB = 1024 * 1024;
export const archiveLimits: ArchiveLimits = {
  ...{ entries: 20_000, entryBytes: 256 * MIB, allBytes: 2048 * MIB, readBytes: 512 * MIB },
  // Deflate reaches 1,032; a sheet of equal rows, about 100.
  ...{ ratio: 400, ratioFrom: 4 * MIB },
};

export interface Archive {
  has(name: string): boolean;
  names(): string[];
  /** null if there is no such entry. Rejects with DOCUMENT_BROKEN, DOCUMENT_ENCRYPTED, DOCUMENT_UNPACKS_TOO_LARGE. */
  read(name: string): Promise<Uint8Array | null>;
}

const STORED = 0;
const DEFLATED = 8;

/** Rejects with DOCUMENT_BROKEN, DOCUMENT_UNPACKS_TOO_LARGE. */
export async function openArchive(bytes: Uint8Array, limits = archiveLimits): Promise<Archive> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const zip = await openZip(buffer);
  if (zip.entryCount > limits.entries) {
    throw tooLarge(fact('ARCHIVE_TOO_MANY_ENTRIES', { entries: zip.entryCount, limit: limits.entries }));
  }
  const entries = await readEntries(zip, limits);
  const byLowerCase = new Map([...entries].map(([name, entry]) => [name.toLowerCase(), entry]));
  const find = (name: string) => entries.get(name) ?? byLowerCase.get(name.toLowerCase());
  let wasRead = 0;

  return {
    has: (name) => find(name) !== undefined,
    names: () => [...entries.keys()],
    async read(name) {
      const entry = find(name);
      if (entry === undefined) return null;
      if (entry.isEncrypted()) throw new PilotlightError('DOCUMENT_ENCRYPTED');
      const { compressedSize: packed, uncompressedSize: size } = entry;
      wasRead += size;
      if (wasRead > limits.readBytes) throw unpacksTo(wasRead, limits.readBytes);
      const start = await dataStart(zip, entry);
      if (start + packed > buffer.length) throw broken();
      return unpack(buffer.subarray(start, start + packed), entry.compressionMethod, size);
    },
  };
}

function unpack(packed: Buffer, method: number, size: number): Uint8Array {
  if (method === STORED) {
    if (packed.length !== size) throw broken();
    return packed;
  }
  if (method !== DEFLATED) throw broken();
  if (size === 0) return new Uint8Array(0);
  try {
    const inflated = inflateRawSync(packed, { maxOutputLength: size });
    if (inflated.length === size) return inflated;
  } catch (cause) {
    throw broken(cause);
  }
  throw broken();
}

function openZip(buffer: Buffer): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    // Names stay bytes: one odd name must not fail the archive.
    fromBuffer(buffer, { lazyEntries: true, decodeStrings: false }, (error, zip) => {
      if (error) reject(broken(error));
      else resolve(zip);
    });
  });
}

function readEntries(zip: ZipFile, limits: ArchiveLimits): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let all = 0;
  return new Promise((resolve, reject) => {
    zip.on('error', (error) => reject(broken(error)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      const name = nameOf(entry);
      all += entry.uncompressedSize;
      try {
        checkSizes(entry, all, limits);
      } catch (error) {
        reject(error);
        return;
      }
      // Of two entries with one name, readers differ about which one counts: the first.
      if (name !== null && !entries.has(name)) entries.set(name, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function checkSizes(
  { uncompressedSize: size, compressedSize: packed }: Entry,
  all: number,
  { entryBytes, allBytes, ratio, ratioFrom }: ArchiveLimits,
): void {
  if (all > allBytes) throw unpacksTo(all, allBytes);
  if (size > entryBytes) throw unpacksTo(size, entryBytes);
  if (size > ratioFrom && size > packed * ratio) {
    throw tooLarge(fact('ARCHIVE_RATIO_OVER_LIMIT', { ratio: Math.round(size / Math.max(1, packed)) }));
  }
}

/** null for a folder, or a name that leads anywhere else than into the archive. */
function nameOf({ fileName }: Entry): string | null {
  const raw: unknown = fileName;
  const name = (Buffer.isBuffer(raw) ? raw.toString('utf8') : String(raw)).replaceAll('\\', '/');
  const parts = name.split('/');
  const isInside = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  return isInside && !name.includes('\0') && !/^[A-Za-z]:/.test(name) ? name : null;
}

function dataStart(zip: ZipFile, entry: Entry): Promise<number> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (error || !header) reject(broken(error));
      else resolve(header.fileDataStart);
    });
  });
}

export const broken = (cause?: unknown) => new PilotlightError('DOCUMENT_BROKEN', { cause });
const tooLarge = (message: Message) => new PilotlightError('DOCUMENT_UNPACKS_TOO_LARGE', { message });
const unpacksTo = (bytes: number, limit: number) => tooLarge(fact('ARCHIVE_UNPACKS_TO', { bytes, limit }));
