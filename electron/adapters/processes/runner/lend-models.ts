/** Who finds the runner of another data folder lends it the models of its own, so that nothing is missing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { eitherOf } from '../../../../shared/either.ts';
import { parseJson } from '../../../../shared/json.ts';
import type { Log } from '../../../core/ports/log.ts';
import { type RunnerEndpoint, runnerFolder } from './instance.ts';

const ownSchema = z.object({
  models: z.array(
    z.object({ name: z.string(), folder: z.string(), hash: z.string(), precision: z.string() }),
  ),
});
const statusSchema = z.object({ models: z.array(z.object({ hash: z.string() })) });
/** Reading the files of a large model may take longer; the other runner continues. */
const DEADLINE_MS = 15_000;

export interface LendOptions {
  /** Whose models. */
  dataFolder: string;
  to: RunnerEndpoint;
  log: Pick<Log, 'warn'>;
  signal?: AbortSignal;
}

/** A model that cannot be lent is left out. Rejects only with the signal's reason. */
export async function lendModels({ dataFolder, to, log, signal }: LendOptions): Promise<void> {
  if (to.dataFolder === dataFolder) return;
  const text = await readFile(join(runnerFolder(dataFolder), 'models.json'), 'utf8').catch(() => '');
  const own = ownSchema.safeParse(parseJson(text)).data?.models ?? [];
  if (own.length === 0) return;
  using limited = eitherOf(signal, AbortSignal.timeout(DEADLINE_MS));
  const ask = async (path: string, body?: object) => {
    const response = await fetch(`http://127.0.0.1:${to.port}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${to.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: limited.signal,
    });
    return { isOk: response.ok, answer: (await response.json()) as unknown };
  };
  try {
    const status = statusSchema.parse((await ask('/runner/status')).answer);
    const there = new Set(status.models.map(({ hash }) => hash));
    for (const { name, folder, hash, precision } of own) {
      if (there.has(hash)) continue;
      const { isOk, answer } = await ask('/runner/models', { path: folder, name, precision });
      if (!isOk) log.warn('A model could not be lent to the runner of another folder.', { name, answer });
    }
  } catch (error) {
    signal?.throwIfAborted();
    log.warn('Models could not be lent to the runner of another folder.', { error: String(error) });
  }
}
