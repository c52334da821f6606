import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { archiveLimits, openArchive } from '../../../../electron/workers/documents/archive.ts';
import { readDocument } from '../../../../electron/workers/documents/read-document.ts';
import { createTextBuilder } from '../../../../electron/workers/documents/text-builder.ts';
import { readXml } from '../../../../electron/workers/documents/xml-events.ts';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import {
  docxParts,
  epubParts,
  makeDocx,
  makeEpub,
  makePdf,
  makePptx,
  makeXlsx,
  PDF_PASSWORD,
  wordText,
} from '../../../fakes/documents.ts';
import { makeZip, type ZipPart } from '../../../fakes/zip.ts';

const read = (bytes: Uint8Array, name = 'file') =>
  readDocument(bytes, name, { signal: new AbortController().signal, progress: () => {} });
const codeOf = (bytes: Uint8Array, name?: string): Promise<string> =>
  read(bytes, name).then(
    () => 'read',
    (error: unknown) => (isPilotlightError(error) ? error.code : String(error)),
  );
const partsOf = (parts: Record<string, string>): ZipPart[] =>
  Object.entries(parts).map(([name, content]) => ({ name, content }));

describe('an archive that unpacks to more than documents do', () => {
  const zeros = '0'.repeat(8 * 1024 * 1024);

  it.each([
    ['docx', makeZip({ ...docxParts(''), 'word/document.xml': `<w:p><w:t>${zeros}</w:t></w:p>` })],
    ['xlsx', makeZip({ ...docxParts(''), 'xl/worksheets/sheet1.xml': zeros })],
    ['epub', makeZip(epubParts('Bomb', [{ file: 'a.xhtml', html: `<p>${zeros}</p>` }]))],
  ])('is refused by its ratio (%s)', async (_kind, bytes) => {
    expect(await codeOf(bytes)).toBe('DOCUMENT_UNPACKS_TOO_LARGE');
  });

  it('is refused by what it claims, before anything is inflated', async () => {
    const huge = { name: 'word/document.xml', content: 'x', claims: archiveLimits.entryBytes + 1 };
    expect(await codeOf(makeZip([...partsOf(docxParts('')), huge]))).toBe('DOCUMENT_UNPACKS_TOO_LARGE');
  });

  it('is refused by the sum of its entries, and by their number', async () => {
    const entries = Array.from({ length: 10 }, (_, at) => ({ name: `part${at}`, content: 'text' }));
    const limits = { ...archiveLimits, entries: 10, allBytes: 39 };
    await expect(openArchive(makeZip(entries), limits)).rejects.toMatchObject({
      code: 'DOCUMENT_UNPACKS_TOO_LARGE',
    });
    await expect(openArchive(makeZip(entries), { ...limits, allBytes: 40 })).resolves.toBeDefined();
    await expect(
      openArchive(makeZip(entries), { ...limits, allBytes: 40, entries: 9 }),
    ).rejects.toMatchObject({
      code: 'DOCUMENT_UNPACKS_TOO_LARGE',
      said: { code: 'ARCHIVE_TOO_MANY_ENTRIES' },
    });
  });

  it('is refused by what is read of it', async () => {
    const archive = await openArchive(makeZip({ a: '12345', b: '12345' }), {
      ...archiveLimits,
      readBytes: 9,
    });
    expect((await archive.read('a'))?.length).toBe(5);
    await expect(archive.read('b')).rejects.toMatchObject({ code: 'DOCUMENT_UNPACKS_TOO_LARGE' });
  });

  it('is not inflated beyond what it claims', async () => {
    const parts = partsOf(docxParts(wordText('y'.repeat(10_000))));
    const lie = parts.map((part) => (part.name === 'word/document.xml' ? { ...part, claims: 100 } : part));
    expect(await codeOf(makeZip(lie))).toBe('DOCUMENT_BROKEN');
    const more = parts.map((part) =>
      part.name === 'word/document.xml' ? { ...part, claims: 100_000 } : part,
    );
    expect(await codeOf(makeZip(more))).toBe('DOCUMENT_BROKEN');
  });
});

describe('names in an archive', () => {
  it('never lead out of it, and one odd name does not fail it', async () => {
    const odd = ['../../etc/passwd', '/etc/passwd', 'C:\\windows\\x', 'a/../b', 'nul\0l', 'folder/', 'a//b'];
    const bytes = makeZip([
      ...odd.map((name) => ({ name, content: 'x' })),
      ...partsOf(docxParts(wordText('Text'))),
    ]);
    const archive = await openArchive(bytes);
    expect(archive.names()).toEqual(Object.keys(docxParts('')));
    expect((await read(bytes)).text).toBe('Text');
  });

  it('count once: the first entry of a name', async () => {
    const bytes = makeZip([
      ...partsOf(docxParts(wordText('First'))),
      ...partsOf(docxParts(wordText('Second'))),
    ]);
    expect((await read(bytes)).text).toBe('First');
  });

  it('may differ in case, as in documents of some programs', async () => {
    const parts = partsOf(docxParts(wordText('Text'))).map((part) => ({
      ...part,
      name: part.name.toUpperCase(),
    }));
    expect((await read(makeZip(parts))).text).toBe('Text');
  });
});

describe('a document that cannot be read', () => {
  it.each([
    [
      'an old Word file with the new ending',
      Buffer.from('d0cf11e0a1b11ae1'.padEnd(2000, '0'), 'hex'),
      'a.docx',
      'FILE_BINARY',
    ],
    ['no bytes', Buffer.alloc(0), 'a.docx', 'FILE_EMPTY'],
    ['only zero bytes', Buffer.alloc(5000), 'a.pdf', 'DOCUMENT_BROKEN'],
    ['an archive of something else', makeZip({ 'a.txt': 'text' }), 'a.zip', 'FILE_BINARY'],
    ['an archive that is cut off', makeDocx(wordText('Text')).subarray(0, 400), 'a.docx', 'DOCUMENT_BROKEN'],
    ['a PDF that is cut off', Buffer.from('%PDF-1.7\nand no more'), 'a.pdf', 'DOCUMENT_BROKEN'],
    [
      'a PDF with a password',
      makePdf([['Secret']], { encrypt: PDF_PASSWORD }),
      'a.pdf',
      'DOCUMENT_ENCRYPTED',
    ],
    ['a PDF without text', makePdf([[], []]), 'a.pdf', 'FILE_EMPTY'],
    ['a document without text', makeDocx(''), 'a.docx', 'FILE_EMPTY'],
    [
      'a document without its main part',
      makeZip({ '[Content_Types].xml': 'wordprocessingml.document.main' }),
      'a.docx',
      'DOCUMENT_BROKEN',
    ],
    [
      'a book without its package',
      makeZip({ mimetype: 'application/epub+zip' }),
      'a.epub',
      'DOCUMENT_BROKEN',
    ],
    [
      'an Office document with a password',
      Buffer.concat([
        Buffer.from('d0cf11e0a1b11ae1', 'hex'),
        Buffer.alloc(600),
        Buffer.from('EncryptedPackage', 'utf16le'),
      ]),
      'a.docx',
      'DOCUMENT_ENCRYPTED',
    ],
    [
      'an entry with a password',
      makeZip(partsOf(docxParts(wordText('Text'))).map((part) => ({ ...part, flags: 1 }))),
      'a.docx',
      'DOCUMENT_ENCRYPTED',
    ],
  ])('%s: %#', async (_what, bytes, name, code) => {
    expect(await codeOf(bytes, name)).toBe(code);
  });

  it('is a book whose chapters are protected, but not one whose fonts are', async () => {
    const locked = (uri: string, algorithm: string): ZipPart => ({
      name: 'META-INF/encryption.xml',
      content: `<enc:EncryptedData xmlns:enc="e"><enc:EncryptionMethod Algorithm="${algorithm}"/><enc:CipherData><enc:CipherReference URI="${uri}"/></enc:CipherData></enc:EncryptedData>`,
    });
    const chapters = [{ file: 'a.xhtml', html: '<p>Text</p>' }];
    const aes = 'http://www.w3.org/2001/04/xmlenc#aes128-cbc';
    expect(await codeOf(makeZip(epubParts('B', chapters, [locked('OEBPS/a.xhtml', aes)])))).toBe(
      'DOCUMENT_ENCRYPTED',
    );
    const font = locked('OEBPS/a.xhtml', 'http://www.idpf.org/2008/embedding');
    expect(await codeOf(makeZip(epubParts('B', chapters, [font])))).toBe('read');
  });

  it('is one whose text unfolds without end', async () => {
    const out = createTextBuilder(100);
    out.add('x'.repeat(60));
    expect(() => out.add('x'.repeat(60))).toThrow(expect.objectContaining({ code: 'FILE_TOO_LARGE' }));
  });

  it('never fails without a code, wherever it is damaged', async () => {
    const whole = [
      makeDocx(wordText('Some text')),
      makeXlsx([{ name: 'A', rows: [[{ shared: 0 }]] }], ['text']),
      makePptx([{ title: 'T', lines: ['l'], notes: 'n' }]),
      makeEpub('B', [{ file: 'a.xhtml', html: '<h1>T</h1>' }]),
      makePdf([['Text']]),
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...whole),
        fc.array(fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 8,
        }),
        async (bytes, changes) => {
          const damaged = Buffer.from(bytes);
          for (const [share, byte] of changes) damaged[Math.floor(share * damaged.length)] = byte;
          expect(await codeOf(damaged, 'damaged')).toMatch(/^(read|FILE_[A-Z_]+|DOCUMENT_[A-Z_]+)$/);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('XML', () => {
  function eventsOf(source: string): string[] {
    const events: string[] = [];
    readXml(source, {
      open: (name, attribute) => events.push(`<${name} ${attribute('id') ?? ''}`.trim()),
      close: (name) => events.push(`/${name}`),
      text: (text) => events.push(text),
    });
    return events;
  }

  it('never expands entities of a document type', () => {
    const source =
      '<!DOCTYPE a [<!ENTITY x "boom"><!ENTITY y "&x;&x;">]><a id="1&amp;2">&y;&lt;&#x41;&#66;</a>';
    expect(eventsOf(source)).toEqual(['<a 1&2', '&y;<AB', '/a']);
  });

  it('reads what is not closed, quoted brackets, sections and comments', () => {
    expect(eventsOf('<a id="x>y"/><!-- <b> --><![CDATA[<c>]]><d id=\'1\'')).toEqual([
      '<a x>y',
      '/a',
      '<c>',
      '<d 1',
    ]);
    expect(eventsOf('a < b')).toEqual(['a ', '<', ' b']);
  });

  it('is linear in depth and length', () => {
    const deep = '<w:p>'.repeat(200_000);
    let opened = 0;
    readXml(deep, { open: () => (opened += 1) });
    expect(opened).toBe(200_000);
  });
});
