import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CUT_VERSION } from '../../../electron/core/indexing/cut.ts';
import type { SourceIndex, VectorHit } from '../../../electron/core/ports/vectors.ts';
import {
  docxParts,
  makeDocx,
  makeEpub,
  makePdf,
  makePptx,
  makeXlsx,
  PDF_PASSWORD,
  WORD_PAGE_BREAK,
  wordText,
} from '../../fakes/documents.ts';
import { makeZip } from '../../fakes/zip.ts';
import { never, openWorkplace } from './harness.ts';

const hostileEntry = fileURLToPath(new URL('../../fakes/index-with-documents.ts', import.meta.url));

const paragraph = (text: string) => `<w:p>${wordText(text)}</w:p>`;
const pdf = makePdf([['A report of the harbour.'], ['Nothing here.'], ['The zeppelin landed at noon.']]);

type Workplace = ReturnType<typeof openWorkplace>;

async function firstHit(place: Workplace, index: SourceIndex, text: string): Promise<VectorHit> {
  const [hit] = await place.search(index, text);
  if (hit === undefined) throw new Error(`Nothing was found for ${text}.`);
  return hit;
}

const codes = ({ outcomes }: Awaited<ReturnType<Workplace['run']>>) =>
  Object.fromEntries(outcomes.map(({ path, error }) => [path, error?.code ?? 'indexed']));

describe('documents in a folder', () => {
  test('of each kind are found, with the place that the passage is at', async () => {
    await using place = openWorkplace();
    place.write('deep/report.pdf', pdf);
    place.write(
      'letter.docx',
      makeDocx(paragraph('First.') + WORD_PAGE_BREAK + paragraph('A marmalade recipe.')),
    );
    place.write('table.xlsx', makeXlsx([{ name: 'Costs', rows: [[{ inline: 'quinoa' }, { number: 42 }]] }]));
    place.write(
      'talk.pptx',
      makePptx([
        { title: 'Hello', lines: ['One'] },
        { title: 'End', lines: ['Xylophone'] },
      ]),
    );
    place.write(
      'book.epub',
      makeEpub('Tides', [{ file: 'one.xhtml', html: '<h1>Deep</h1><p>A bathyscaphe sinks.</p>' }]),
    );
    place.write('notes.md', '# Notes\n\nA furnace.\n');
    const index = await place.open();
    const first = await place.run(index);
    expect(new Set(Object.values(codes(first)))).toEqual(new Set(['indexed']));

    const hit = await firstHit(place, index, 'zeppelin');
    expect(hit).toMatchObject({ path: 'deep/report.pdf', language: 'pdf' });
    expect(hit.places?.at(-1)).toMatchObject({ kind: 'page', number: 3 });
    expect((await firstHit(place, index, 'marmalade')).places?.at(-1)).toMatchObject({
      kind: 'page',
      number: 2,
    });
    expect((await firstHit(place, index, 'quinoa')).places?.[0]).toMatchObject({
      kind: 'sheet',
      name: 'Costs',
    });
    expect((await firstHit(place, index, 'xylophone')).places?.at(-1)).toMatchObject({
      kind: 'slide',
      number: 2,
    });
    expect(await firstHit(place, index, 'bathyscaphe')).toMatchObject({
      path: 'book.epub',
      language: 'epub',
    });
    expect(await firstHit(place, index, 'furnace')).not.toHaveProperty('places');

    const only = await index.search(
      { text: 'furnace zeppelin marmalade', vector: null, limit: 10, types: ['document'] },
      never,
    );
    expect(only.map(({ path }) => path).sort()).toEqual(['deep/report.pdf', 'letter.docx']);

    const shown = await index.document({ path: 'deep/report.pdf', ...hit.chunk }, never);
    expect(shown).toMatchObject({ format: 'markdown', language: 'pdf', changed: false });
    expect(shown.text.split('\n').slice(0, shown.passage.lastLine).join('\n')).toContain('zeppelin');

    const again = await place.run(index);
    expect(again.scan).toMatchObject({ unchanged: 6, pending: [] });
  });

  test('that cannot be read are left out, each with its reason, until they change', async () => {
    await using place = openWorkplace();
    place.write('secret.pdf', makePdf([['Hidden.']], { encrypt: PDF_PASSWORD }));
    place.write('cut.pdf', pdf.subarray(0, 200));
    place.write('cut.docx', makeZip([{ name: 'word/document.xml', content: 'x' }]).subarray(0, 40));
    place.write('scan.pdf', makePdf([[]]));
    place.write(
      'bomb.docx',
      makeZip(
        Object.entries(docxParts('')).map(([name, content]) => ({
          name,
          content: name === 'word/document.xml' ? 'a'.repeat(30_000_000) : content,
        })),
      ),
    );
    place.write('good.pdf', pdf);
    place.write('text.pdf', 'Only text, whatever its name says.\n');
    const index = await place.open();
    expect(codes(await place.run(index))).toEqual({
      ...{ 'secret.pdf': 'DOCUMENT_ENCRYPTED', 'cut.pdf': 'DOCUMENT_BROKEN', 'cut.docx': 'DOCUMENT_BROKEN' },
      ...{ 'scan.pdf': 'FILE_EMPTY', 'bomb.docx': 'DOCUMENT_UNPACKS_TOO_LARGE' },
      ...{ 'good.pdf': 'indexed', 'text.pdf': 'indexed' },
    });
    const { scan } = await place.run(index);
    expect(scan.pending).toEqual([]);
    expect(scan.skipped.map(({ path, code }) => `${path} ${code}`)).toContain(
      'secret.pdf DOCUMENT_ENCRYPTED',
    );
    place.write('secret.pdf', makePdf([['Open now.']]));
    expect(codes(await place.run(index))).toEqual({ 'secret.pdf': 'indexed' });
  });

  test('of an index from before are taken up, and nothing else is read again', async () => {
    await using place = openWorkplace();
    place.write('report.pdf', pdf);
    place.write('notes.md', '# Notes\n\nA furnace.\n');
    place.write('data.bin', new Uint8Array([0, 1, 2, 3]));
    const first = await place.open();
    await place.run(first);
    await first.close();
    const database = new DatabaseSync(place.databaseFile);
    const recipe = `${CUT_VERSION}:${place.settings.chunkTokens}`;
    database.exec('PRAGMA foreign_keys = ON');
    database.exec("DELETE FROM chunks WHERE file_id = (SELECT id FROM files WHERE path = 'report.pdf')");
    database
      .prepare(
        `UPDATE files SET recipe = ?, places = NULL, language = '', chunk_count = 0, problem_code = 'FILE_BINARY',
         problem_reason = '{"code":"FILE_HAS_FORMAT","params":{"format":"pdf"}}' WHERE path = 'report.pdf'`,
      )
      .run(recipe);
    // The index was written by the version before.
    database.exec('ALTER TABLE files DROP COLUMN places');
    database.exec('PRAGMA user_version = 4');
    database.close();

    const index = await place.open();
    const { scan, outcomes } = await place.run(index);
    expect(scan.pending.map(({ path }) => path)).toEqual(['report.pdf']);
    expect(scan.unchanged).toBe(1);
    expect(outcomes).toMatchObject([{ path: 'report.pdf', error: null }]);
    expect((await firstHit(place, index, 'zeppelin')).places?.at(-1)).toMatchObject({ number: 3 });
  });
});

test('a document that hangs, takes all memory or ends its reader costs itself, not the run', async () => {
  await using place = openWorkplace({}, hostileEntry);
  for (const name of ['exit', 'hang', 'leak', 'good']) place.write(`${name}.pdf`, pdf);
  place.write('notes.md', '# Notes\n\nA furnace.\n');
  const index = await place.open();
  const run = await place.run(index);
  expect(codes(run)).toEqual({
    ...{ 'exit.pdf': 'FILE_TOO_COSTLY', 'hang.pdf': 'FILE_TOO_COSTLY', 'leak.pdf': 'FILE_TOO_COSTLY' },
    ...{ 'good.pdf': 'indexed', 'notes.md': 'indexed' },
  });
  expect(place.notices).toEqual([]);
  expect((await place.run(index)).scan.pending).toEqual([]);
  expect((await firstHit(place, index, 'zeppelin')).path).toBe('good.pdf');
}, 60_000);

test('a cancel ends the reading of a document', async () => {
  await using place = openWorkplace({}, hostileEntry);
  place.write('hang.pdf', pdf);
  const index = await place.open();
  const scan = await index.scan({ full: false }, never);
  const cancelled = new AbortController();
  const indexing = index.indexBuiltin(
    scan.pending.map(({ path }) => path),
    cancelled.signal,
  );
  cancelled.abort(new DOMException('Enough.', 'AbortError'));
  await expect(indexing).rejects.toThrow();
  place.write('good.pdf', pdf);
  expect(codes({ scan, outcomes: await index.indexBuiltin(['good.pdf'], never) })).toEqual({
    'good.pdf': 'indexed',
  });
}, 60_000);
