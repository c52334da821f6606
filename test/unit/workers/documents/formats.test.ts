import { describe, expect, it } from 'vitest';
import type { ReadDocument } from '../../../../electron/workers/documents/document.ts';
import { readDocument } from '../../../../electron/workers/documents/read-document.ts';
import {
  makeDocx,
  makeEpub,
  makePdf,
  makePptx,
  makeXlsx,
  WORD_PAGE_BREAK,
  wordHeading,
  wordText,
} from '../../../fakes/documents.ts';

const read = (bytes: Uint8Array, name = 'file') =>
  readDocument(bytes, name, { signal: new AbortController().signal, progress: () => {} });

/** The text of each place. */
function partsOf({ text, places }: ReadDocument): string[] {
  return places.map(({ start }, at) => text.slice(start, places[at + 1]?.start).trim());
}
const placesOf = ({ places }: ReadDocument) => places.map(({ kind, number, name }) => [kind, number, name]);

describe('PDF', () => {
  it('is read page by page, with its title', async () => {
    const pages = [['The first page', 'has two lines (of text).'], [], ['The third']];
    const found = await read(makePdf(pages, { title: 'Manual' }));
    expect(found).toMatchObject({ format: 'pdf', title: 'Manual', about: { pages: 3 } });
    expect(placesOf(found)).toEqual([
      ['page', 1, null],
      ['page', 3, null],
    ]);
    expect(partsOf(found)).toEqual(['The first page\nhas two lines (of text).', 'The third']);
  });

  it('reports its progress, and stops when it is aborted', async () => {
    const controller = new AbortController();
    const shares: number[] = [];
    const reading = readDocument(makePdf([['1'], ['2'], ['3']]), 'a.pdf', {
      signal: controller.signal,
      progress(share) {
        shares.push(share);
        if (shares.length === 2) controller.abort(new Error('enough'));
      },
    });
    await expect(reading).rejects.toThrow('enough');
    expect(shares).toEqual([1 / 3, 2 / 3]);
  });

  it('has no title where a program wrote none', async () => {
    expect((await read(makePdf([['Text']], { title: 'Microsoft Word - Draft1.doc' }))).title).toBeNull();
    expect((await read(makePdf([['Text']], { title: 'Untitled' }))).title).toBeNull();
  });

  it('is found after what a mail program wrote before it', async () => {
    const bytes = Buffer.concat([Buffer.from('\r\n\0\0'), makePdf([['Text']])]);
    await expect(read(bytes)).resolves.toMatchObject({ format: 'pdf' });
  });

  it('is not a text that mentions one', async () => {
    const found = await read(Buffer.from('A file that starts with %PDF-1.7 is a PDF.'));
    expect(found.format).toBe('text');
  });
});

describe('Word', () => {
  it('keeps headings, lists, tables, pages and notes', async () => {
    const cell = (text: string) => `<w:tc>${wordText(text)}</w:tc>`;
    const body = [
      wordHeading('Über Lampen & Licht', 'berschrift1'),
      wordText('A paragraph.'),
      wordText('one', '<w:tabs><w:tab w:val="left"/></w:tabs><w:numPr/>'),
      wordText('two', '<w:numPr/>'),
      `<w:tbl><w:tr>${cell('Name')}${cell('Watts')}</w:tr><w:tr>${cell('Desk')}${cell('7')}</w:tr></w:tbl>`,
      WORD_PAGE_BREAK,
      // Word repeats the break where it saw it.
      '<w:p><w:r><w:lastRenderedPageBreak/><w:t>On page two</w:t></w:r></w:p>',
      wordHeading('Deeper', 'Own'),
      '<w:p><w:r><w:t>Before </w:t></w:r><w:r><w:lastRenderedPageBreak/><w:t>and after the break.</w:t></w:r></w:p>',
    ];
    const found = await read(makeDocx(body.join(''), { footnotes: wordText('A note.') }));
    expect(found).toMatchObject({ format: 'docx', title: 'Über Lampen & Licht', about: { pages: 3 } });
    expect(partsOf(found)).toEqual([
      '# Über Lampen & Licht\n\nA paragraph.\n- one\n- two\nName\tWatts\nDesk\t7',
      'On page two\n\n## Deeper\n\nBefore',
      'and after the break.\n\nA note.',
    ]);
  });

  it('takes a text box once, and leaves out what was deleted', async () => {
    const box = `<mc:AlternateContent><mc:Choice>${wordText('In a box')}</mc:Choice><mc:Fallback>${wordText('In a box')}</mc:Fallback></mc:AlternateContent>`;
    const changed =
      '<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>kept</w:t></w:r></w:p>';
    const found = await read(makeDocx(`<w:p><w:r><w:t>Outside</w:t>${box}</w:r></w:p>${changed}`));
    expect(found.text).toBe('Outside\n\nIn a box\n\nkept');
  });

  it('prefers the title of its properties', async () => {
    const found = await read(makeDocx(wordHeading('A heading', 'berschrift1'), { title: 'The title' }));
    expect(found.title).toBe('The title');
  });
});

describe('Excel', () => {
  it('has a place for each sheet and a line for each row', async () => {
    const found = await read(
      makeXlsx(
        [
          {
            name: 'Costs & sums',
            rows: [[{ shared: 0 }, { shared: 1 }], [{ inline: 'Lamp' }, { number: 12.5 }], []],
          },
          { name: 'Empty', rows: [] },
          {
            name: 'Dates',
            rows: [
              [
                { number: 45_000, style: 1 },
                { number: 45_000.75, style: 2 },
                { number: 3, style: 3 },
              ],
            ],
          },
        ],
        ['Thing', 'Price'],
      ),
    );
    expect(placesOf(found)).toEqual([
      ['sheet', 1, 'Costs & sums'],
      ['sheet', 3, 'Dates'],
    ]);
    expect(partsOf(found)).toEqual([
      '## Costs & sums\n\nThing\tPrice\nLamp\t12.5',
      '## Dates\n\n2023-03-15\t2023-03-15 18:00:00\t3',
    ]);
    expect(found).toMatchObject({ format: 'xlsx', title: null, about: { sheets: 3 } });
  });
});

describe('PowerPoint', () => {
  it('has a place for each slide, in the order of the presentation, with its notes', async () => {
    const found = await read(
      makePptx([
        { title: 'Opening', lines: ['first', 'second'], notes: 'Speak slowly.' },
        { title: 'End', lines: ['last'] },
      ]),
    );
    expect(placesOf(found)).toEqual([
      ['slide', 1, null],
      ['slide', 2, null],
    ]);
    expect(partsOf(found)).toEqual(['## Opening\nfirst\nsecond\nSpeak slowly.', '## End\nlast']);
    expect(found).toMatchObject({ format: 'pptx', title: 'Opening', about: { slides: 2 } });
  });
});

describe('EPUB', () => {
  it('has a place for each chapter, named by the table of contents', async () => {
    const found = await read(
      makeEpub('A Book', [
        {
          file: 'one.xhtml',
          html: '<html><body><h1>One</h1><p>Text &amp; more</p></body></html>',
          name: 'The first',
        },
        { file: 'blank.xhtml', html: '<html><body></body></html>' },
        { file: 'two words.xhtml', html: '<html><body><p>Intro</p><h2>Two</h2><p>End</p></body></html>' },
      ]),
    );
    expect(placesOf(found)).toEqual([
      ['chapter', 1, 'The first'],
      ['chapter', 2, 'Two'],
    ]);
    expect(partsOf(found)).toEqual(['# One\n\nText & more', 'Intro\n\n## Two\n\nEnd']);
    expect(found).toMatchObject({
      format: 'epub',
      title: 'A Book',
      about: { chapters: 2, author: 'Ada Example' },
    });
  });
});

describe('text', () => {
  it('is decoded by its bytes where a page lies about its encoding', async () => {
    const head = '<!doctype html><meta charset="utf-8"><title>T</title><h1>Page</h1>';
    const page = Buffer.from(`${head}<p>gr\xfc\xdfe`, 'latin1');
    const text = 'T\n\nPage\n\ngrüße';
    await expect(read(page, 'page.html')).resolves.toMatchObject({
      format: 'html',
      title: 'Page',
      text,
      places: [],
    });
  });

  it('may have the name of a document', async () => {
    await expect(read(Buffer.from('Only text.'), 'notes.docx')).resolves.toMatchObject({
      text: 'Only text.',
    });
  });
});
