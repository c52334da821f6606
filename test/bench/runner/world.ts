/** What the benchmarks of the runner share: all-MiniLM-L6-v2 of ../shared/models, served over HTTP. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OpenedRunner, openRunner } from '../../../electron/adapters/processes/runner/open-runner.ts';
import { sharedFolder } from '../../fakes/shared-folder.ts';
import type { BenchmarkContext, BenchmarkResult } from '../benchmark.ts';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
export const built = (name: string) => join(root, 'dist', 'workers', name);
export const model = sharedFolder('models/all-minilm-l6-v2');

const silent = () => {};
export const log = { debug: silent, info: silent, warn: silent, error: silent };

export interface Reference {
  texts: { text: string; tokenIds: number[] }[];
}
export const reference = (): Reference =>
  JSON.parse(readFileSync(join(model as string, 'reference.json'), 'utf8'));

export interface World {
  folder: string;
  open(): Promise<OpenedRunner>;
}

export async function withWorld(
  context: BenchmarkContext,
  measure: (world: World) => Promise<BenchmarkResult[]>,
) {
  if (model === null) {
    context.note('../shared/models is missing: not measured.');
    return [];
  }
  if (!existsSync(built('runner-worker.mjs'))) throw new Error('There is no build. Run npm run build first.');
  const folder = mkdtempSync(join(tmpdir(), 'pilotlight-runner-bench-'));
  const opened: OpenedRunner[] = [];
  try {
    return await measure({
      folder,
      async open() {
        const runner = await openRunner({
          dataFolder: folder,
          entry: built('runner-worker.mjs'),
          version: 'bench',
          log,
          signal: context.signal,
          config: { provider: 'cpu' },
        });
        opened.push(runner);
        return runner;
      },
    });
  } finally {
    await Promise.all(opened.map((runner) => runner.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

const agent = new Agent({ keepAlive: true });

export function post({ url, token }: OpenedRunner, path: string, body: object): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        method: 'POST',
        agent,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const answer = Buffer.concat(chunks);
          if ((response.statusCode ?? 0) < 300) resolve(answer);
          else reject(new Error(answer.toString()));
        });
      },
    );
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

export const add = (runner: OpenedRunner) =>
  post(runner, '/runner/models', { path: model, name: 'minilm', precision: 'int8' });
export const embed = (runner: OpenedRunner, input: readonly string[]) =>
  post(runner, '/v1/embeddings', { model: 'minilm', input, encoding_format: 'base64' });

export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
export const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
