/**
 * The text of 1,000 mixed documents on two processes: the handlers of the built worker, against the libraries on their
 * own (unpdf, mammoth, yauzl with htmlparser2) in two processes of the same kind. Rounds alternate.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSystemClock } from '../../electron/adapters/clock.ts';
import { noMeans } from '../../electron/workers/tasks/means.ts';
import { handlerHost } from '../../electron/workers/tasks/processes/handler-host.ts';
import {
  type HandlerProcess,
  startHandlerProcess,
} from '../../electron/workers/tasks/processes/handler-process.ts';
import { type ChildProcess, fork } from '../fakes/children.ts';
import {
  makeDocx,
  makeEpub,
  makePdf,
  makePptx,
  makeXlsx,
  wordHeading,
  wordText,
} from '../fakes/documents.ts';
import { atLeast, type Benchmark, reported } from './benchmark.ts';
import { median, rounded } from './gateway/rounds.ts';

const built = fileURLToPath(new URL('../../dist/workers/task-worker.mjs', import.meta.url));
const bare = fileURLToPath(new URL('./tasks/bare-documents.ts', import.meta.url));
const DOCUMENTS = 1000;
const PROCESSES = 2;
const ROUNDS = 3;
/** A usual mix: every twenty documents. */
const MIX =
  'pdf pdf pdf pdf pdf pdf pdf docx docx docx docx docx xlsx xlsx xlsx pptx pptx epub html md'.split(' ');
const WORDS = 'the small pilot flame lights a larger burner whenever heat is wanted in the house again'.split(
  ' ',
);

const sentence = (seed: number) =>
  `${Array.from({ length: 12 }, (_, at) => WORDS[(seed * 7 + at * 5 + (seed >> 3)) % WORDS.length]).join(' ')} ${seed}.`;
const lines = (seed: number, count: number) =>
  Array.from({ length: count }, (_, at) => sentence(seed * 100 + at));

function contentOf(ending: string, seed: number): Uint8Array {
  switch (ending) {
    case 'pdf':
      return makePdf(Array.from({ length: 4 }, (_, page) => lines(seed + page, 45)));
    case 'docx':
      return makeDocx(
        lines(seed, 150)
          .map((line, at) => (at % 15 === 0 ? wordHeading(line, 'Own') : wordText(line)))
          .join(''),
      );
    case 'xlsx': {
      const rows = Array.from({ length: 300 }, (_, at) => [
        { shared: at % 60 },
        { number: at * seed },
        { number: 45_000 + at, style: 1 },
      ]);
      return makeXlsx([{ name: 'Costs', rows }], lines(seed, 60));
    }
    case 'pptx':
      return makePptx(
        Array.from({ length: 12 }, (_, at) => ({ title: sentence(at), lines: lines(seed + at, 8) })),
      );
    case 'epub': {
      const html = lines(seed, 60)
        .map((line) => `<p>${line}</p>`)
        .join('');
      return makeEpub(
        'Book',
        Array.from({ length: 6 }, (_, at) => ({
          file: `${at}.xhtml`,
          html: `<html><body><h1>${at}</h1>${html}</body></html>`,
        })),
      );
    }
    case 'html':
      return Buffer.from(
        `<!doctype html><title>Page</title>${lines(seed, 150)
          .map((line) => `<p>${line}</p>`)
          .join('')}`,
      );
    default:
      return Buffer.from(lines(seed, 150).join('\n\n'));
  }
}

type Reader = (path: string) => Promise<number>;

/** Seconds until all paths are read. */
async function timeOf(readers: readonly Reader[], paths: readonly string[]): Promise<number> {
  let next = 0;
  const startedAt = process.hrtime.bigint();
  await Promise.all(
    readers.map(async (read) => {
      for (let path = paths[next++]; path !== undefined; path = paths[next++]) {
        if ((await read(path)) === 0) throw new Error(`${path} was read as nothing.`);
      }
    }),
  );
  return Number(process.hrtime.bigint() - startedAt) / 1e9;
}

function ours(handlers: HandlerProcess, folder: string, signal: AbortSignal): Reader {
  const options = { signal, patienceMs: () => 0, timeMs: 60_000, onProgress: () => {} };
  return async (path) => {
    const input = { kind: 'file' as const, path, name: path };
    const job = {
      contentType: 'document' as const,
      input,
      options: {},
      folder,
      allowedHosts: [],
      means: noMeans,
    };
    return (await handlers.run(job, options)).content.length;
  };
}

async function startBare(): Promise<{ child: ChildProcess; read: Reader }> {
  const child = fork(bare, [], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const answer = () =>
    new Promise<number>((resolve, reject) => {
      child.once('message', (length) => resolve(length as number));
      child.once('exit', () => reject(new Error('The libraries failed.')));
    });
  await answer();
  return {
    child,
    read: (path) => {
      const answered = answer();
      child.send(path);
      return answered.finally(() => child.removeAllListeners('exit'));
    },
  };
}

export const benchmark: Benchmark = {
  name: 'tasks-docs',
  async run({ signal, note }) {
    const folder = mkdtempSync(join(tmpdir(), 'pilotlight-bench-docs-'));
    const handlers: HandlerProcess[] = [];
    const children: ChildProcess[] = [];
    try {
      const paths = Array.from({ length: DOCUMENTS }, (_, at) => {
        const ending = MIX[at % MIX.length] ?? 'md';
        const path = join(folder, `${at}.${ending}`);
        writeFileSync(path, contentOf(ending, at + 1));
        return path;
      });
      const clock = createSystemClock();
      for (let at = 0; at < PROCESSES; at += 1) {
        handlers.push(startHandlerProcess(handlerHost(built, 2048), clock, note));
      }
      const started = await Promise.all(Array.from({ length: PROCESSES }, startBare));
      children.push(...started.map(({ child }) => child));
      const sides = {
        ours: handlers.map((one) => ours(one, folder, signal)),
        bare: started.map(({ read }) => read),
      };
      // Both have loaded what they need.
      const first = paths.slice(0, MIX.length * PROCESSES);
      for (const readers of Object.values(sides)) await timeOf(readers, first);
      const seconds = { ours: [] as number[], bare: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const side of ['bare', 'ours'] as const) {
          signal.throwIfAborted();
          seconds[side].push(await timeOf(sides[side], paths));
        }
        note(
          `round ${round + 1}: ours ${seconds.ours[round]?.toFixed(1)} s, bare ${seconds.bare[round]?.toFixed(1)} s`,
        );
      }
      const own = median(seconds.ours);
      const theirs = median(seconds.bare);
      return [
        atLeast('tasks-docs, speed against the bare libraries', rounded(theirs / own, 2), '×', 0.9),
        reported('tasks-docs, documents a second', rounded(DOCUMENTS / own, 0), '1/s'),
        reported('tasks-docs, bare libraries', rounded(DOCUMENTS / theirs, 0), '1/s'),
      ];
    } finally {
      for (const one of handlers) one.kill();
      for (const child of children) child.kill();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
