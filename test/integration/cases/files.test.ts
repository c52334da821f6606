/** Cases 02 to 10 and 22 to 26: files that people have, indexed and searched by a real core. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { cutFile } from '../../../electron/core/indexing/cut.ts';
import { recognise } from '../../../electron/core/indexing/recognise-file.ts';
import { jsonOf, runCli } from '../../fakes/cli.ts';
import { type RealWorld, startRealWorld, untilJob } from '../../fakes/indexing-world.ts';
import { type Case, caseNames, testCase } from './cases.ts';

let world: RealWorld | null = null;
beforeAll(async () => {
  if (caseNames !== null) world = await startRealWorld({}, []);
});
afterAll(() => world?.[Symbol.asyncDispose]());

const signal = new AbortController().signal;
const BASE64 = /[A-Za-z0-9+/]{60,}/;

/** Indexes a folder, and searches in it alone. */
async function indexed(folder: string) {
  if (world === null) throw new Error('There is no world.');
  const { host } = world;
  const { indexing } = host.core.services;
  const embedder = { kind: 'builtin' as const, name: 'lexical' as const };
  const source = await indexing.addSource({
    path: folder,
    name: folder,
    ...{ embedder, wake: false, whenGpuGone: 'use-cpu' },
  });
  const started = { full: false, rebuild: false, useGpu: false, callbackUrl: null };
  const { id } = indexing.startJob({ sourceIds: [source.id], ...started });
  await untilJob(host, id, ({ endedAt }) => endedAt !== null);
  const search = (text: string) => indexing.search({ text, sourceIds: [source.id], limit: 20 }, signal);
  return {
    search,
    /** The files that contain the words, the best one first. */
    async byWords(text: string): Promise<string[]> {
      const { hits } = await search(text);
      return [...new Set(hits.filter(({ words }) => words !== null).map(({ path }) => path))];
    },
  };
}

function chunksOf(one: Case, file: string) {
  const cut = cutFile(one.bytes(file), file, 256);
  if (!cut.ok) throw new Error(`${file}: ${cut.code}`);
  return cut.chunks;
}

describe('a case of files', () => {
  testCase('02', 'reads no legacy charset as another one', ({ folder, bytes }) => {
    const files = readdirSync(folder).filter((name) => name !== 'expected.txt');
    expect(files).toHaveLength(5);
    for (const file of files) {
      const read = recognise(bytes(file), file);
      if (!read.ok) expect(read.code, file).toBe('FILE_ENCODING');
      else expect(read.encoding, file).not.toBe('windows-1252');
    }
    const page = recognise(bytes('page-koi8r.html'), 'page-koi8r.html');
    expect(page.ok && page.text).toContain('Настройка сервера');
  });

  testCase('05', 'leaves a picture in a data URL out', async (one) => {
    const chunks = chunksOf(one, 'note.md');
    expect(chunks.length).toBeLessThanOrEqual(3);
    for (const { text } of chunks) expect(text).not.toMatch(BASE64);
    const { hits } = await (await indexed(one.folder)).search('lighthouse');
    const [hit] = hits;
    expect(hit).toMatchObject({ path: 'note.md', words: { rank: 1 } });
    expect(hit?.snippet).toContain('After the picture: lighthouse.');
    const read = readFileSync(hit?.absolutePath ?? '').subarray(hit?.startByte, hit?.endByte);
    expect(read.toString()).toContain('lighthouse');
  });

  testCase('06', 'leaves the outputs of a notebook out', async (one) => {
    for (const { text } of chunksOf(one, 'nb.ipynb')) expect(text).not.toMatch(BASE64);
    const { byWords } = await indexed(one.folder);
    for (const word of ['Café', 'Perceptron', 'print'])
      expect(await byWords(word), word).toContain('nb.ipynb');
  });

  testCase('07', 'takes code within a line for no fence', (one) => {
    const narwhal = chunksOf(one, 'note.md').find(({ text }) => text.includes('narwhal'));
    expect(narwhal?.heading).toBe('Second chapter');
  });

  testCase('08', 'finds words with invisible letters in them', async ({ folder }) => {
    const { byWords } = await indexed(folder);
    expect(await byWords('Gesamtkonzept')).toContain('shy.md');
    expect(await byWords('wordjoiner')).toContain('shy.md');
    expect(await byWords('Gesamtplan')).toContain('shy.html');
  });

  testCase('09', 'finds an emoji', async ({ folder }) => {
    expect((await (await indexed(folder)).byWords('🔥'))[0]).toBe('emoji.md');
  });

  testCase('10', 'finds words that JSON escapes', async ({ folder }) => {
    const { byWords } = await indexed(folder);
    expect(await byWords('Hibernation')).toContain('board.canvas');
    expect(await byWords('Thermostat')).toContain('board.canvas');
    expect(await byWords('Réunion')).toContain('data.json');
  });

  testCase('22', 'lets no name steer the terminal', async (one) => {
    if (process.platform === 'win32') return;
    const folder = `${world?.folder}/names`;
    mkdirSync(folder);
    execFileSync('bash', [`${one.folder}/make.sh`, folder]);
    await indexed(folder);
    for (const word of ['echidna', 'platypus', 'koala']) {
      const run = await runCli('cli', ['search', word, '--data', world?.dataFolder ?? '']);
      expect(run.out, word).toContain('.md');
      expect(run.out + run.err, word).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e]/u);
    }
    const found = await runCli('cli', ['search', 'koala', '--json', '--data', world?.dataFolder ?? '']);
    const { hits } = jsonOf(found) as { hits: { path: string }[] };
    expect(hits.map(({ path }) => path)).toContain('a\u202etxt.md');
  });

  testCase('24', 'finds a Korean noun with its particle', async ({ folder }) => {
    expect(await (await indexed(folder)).byWords('서버')).toContain('kor.md');
  });

  testCase('25', 'takes neither front matter nor comments for headings', (one) => {
    const headings = ['long.md', 'toml.md', 'comment.md'].flatMap((file) =>
      chunksOf(one, file).map(({ heading }) => heading),
    );
    expect(headings.join(' › ')).not.toMatch(/a remark|status: done|hidden/);
    const body = chunksOf(one, 'long.md').find(({ text }) => text.includes('Body text here.'));
    expect(body?.heading).toBe('Real title');
  });

  testCase('26', 'tells C++ from C', async ({ folder }) => {
    expect((await (await indexed(folder)).search('C++')).hits[0]?.path).toBe('cpp.md');
  });
});
