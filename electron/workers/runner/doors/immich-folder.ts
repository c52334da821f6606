/** Immich's own model folder: `<folder>/<task>/<model>/<type>/model.onnx`. It is read and never changed. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { immichFolderName } from '../../../../shared/contract/immich.ts';
import { fact } from '../../../../shared/models/message.ts';

export type ImmichTask = 'clip' | 'facial-recognition';

export interface ImmichGraph {
  /** Absolute; it exists. */
  file: string;
  /** Changes with the file, as far as its size and time tell. */
  hash: string;
}

export interface ImmichFolder {
  /** @throws PREDICT_MODEL_MISSING */
  graph(task: ImmichTask, model: string, type: string): Promise<ImmichGraph>;
  /** A JSON file of the model. @throws PREDICT_MODEL_MISSING, PREDICT_MODEL_FAILED */
  json<Value>(task: ImmichTask, model: string, path: string, schema: z.ZodType<Value>): Promise<Value>;
}

/** @param folder null if none is set */
export function createImmichFolder(folder: string | null): ImmichFolder {
  function pathOf(task: ImmichTask, model: string, path: string): { file: string; shown: string } {
    if (folder === null) {
      throw new PilotlightError('PREDICT_MODEL_MISSING', { message: fact('IMMICH_FOLDER_UNSET') });
    }
    const shown = `${task}/${folderName(model)}/${path}`;
    return { file: join(folder, shown), shown };
  }

  return {
    async graph(task, model, type) {
      const { file, shown } = pathOf(task, model, `${type}/model.onnx`);
      const found = await stat(file).catch(() => null);
      if (!found?.isFile()) throw missing(shown);
      const { size, mtimeMs } = found;
      return { file, hash: createHash('sha256').update(`${file} ${size} ${mtimeMs}`).digest('hex') };
    },
    async json(task, model, path, schema) {
      const { file, shown } = pathOf(task, model, path);
      const text = await readFile(file, 'utf8').catch(() => null);
      if (text === null) throw missing(shown);
      try {
        return schema.parse(JSON.parse(text));
      } catch (error) {
        throw new PilotlightError('PREDICT_MODEL_FAILED', {
          message: fact('IMMICH_FILE_BAD', { file: shown, problem: problemOf(error) }),
          cause: error,
        });
      }
    },
  };
}

const missing = (file: string) =>
  new PilotlightError('PREDICT_MODEL_MISSING', { message: fact('IMMICH_FILE_MISSING', { file }) });

function problemOf(error: unknown): string {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  if (issue !== undefined) return `${issue.path.join('.')}: ${issue.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** @throws PREDICT_MODEL_MISSING if nothing is left of the name */
export function folderName(model: string): string {
  const name = immichFolderName(model);
  if (name === '') throw missing(model);
  return name;
}

/** Tasks that the runner serves, and the types of graphs that each has. */
const TASKS = { clip: ['visual', 'textual'], 'facial-recognition': ['detection', 'recognition'] } as const;

/** The graphs in the folder, as `clip/ViT-B-32__openai/visual`; none without a folder, or if it cannot be read. */
export async function listGraphs(folder: string | null): Promise<string[]> {
  if (folder === null) return [];
  const found: string[] = [];
  for (const [task, types] of Object.entries(TASKS)) {
    const models = await readdir(join(folder, task)).catch(() => []);
    for (const graph of models.flatMap((model) => types.map((type) => `${task}/${model}/${type}`))) {
      const file = await stat(join(folder, graph, 'model.onnx')).catch(() => null);
      if (file?.isFile()) found.push(graph);
    }
  }
  return found.sort();
}
