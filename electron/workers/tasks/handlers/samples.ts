/** The smallest contents on which the parts of handlers show that they work. */
import { isPilotlightError } from '../../../../shared/contract/errors.ts';
import { openArchive } from '../../documents/archive.ts';
import { readPdf } from '../../documents/pdf.ts';
import { readPage } from '../../web/main-text.ts';
import type { HandlerComponent } from './handler.ts';

/** The worker is one file: what is missing was lost with a part of it. */
const COPY_AGAIN = 'Copy the worker again from the same version of Pilotlight.';

const PDF = [
  '%PDF-1.4',
  '1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj',
  '2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj',
  '3 0 obj << /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >> endobj',
  '4 0 obj << /Length 29 >> stream\nBT /F 9 Tf (It works.) Tj ET  \nendstream endobj',
  '5 0 obj << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> endobj',
  'trailer << /Root 1 0 R >>',
].join('\n');
const EMPTY_ARCHIVE = Uint8Array.of(0x50, 0x4b, 0x05, 0x06, ...Array<number>(18).fill(0));
const SENTENCE = 'A sentence that is long enough, with a comma, to be a part of the text. ';
const PAGE = `<body><nav><a href="/">menu</a></nav><article><p>${SENTENCE.repeat(9)}</p></article></body>`;

export const documentComponents: readonly HandlerComponent[] = [
  {
    name: 'PDF documents',
    async test(signal) {
      const { text } = await readPdf(new TextEncoder().encode(PDF), { signal, progress: () => {} });
      if (text !== 'It works.') throw new Error(`A small PDF was read as "${text}".`);
    },
    fix: COPY_AGAIN,
  },
  {
    name: 'Office documents and books',
    async test() {
      const archive = await openArchive(EMPTY_ARCHIVE);
      if (archive.names().length > 0) throw new Error('An empty archive was not empty.');
    },
    fix: COPY_AGAIN,
  },
];

export const webComponents: readonly HandlerComponent[] = [
  {
    name: 'web pages',
    async test() {
      const { about } = await readPage(new TextEncoder().encode(PAGE), null);
      if (about.mainText !== true) throw new Error('The main text of a small page was not found.');
    },
    fix: COPY_AGAIN,
  },
];

export const textOfFailure = (error: unknown): string =>
  isPilotlightError(error) ? `${error.message} (${error.code})` : String(error);
