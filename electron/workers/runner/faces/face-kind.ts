/** Face models, as the shelf loads and drops them. */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { describeFiles } from '../models/folder.ts';
import type { LoadedModel, ModelKind } from '../models/kind.ts';
import type { Sessions } from '../sessions.ts';
import { type FaceModel, openFaceModel } from './face-model.ts';
import { type FaceModelFiles, preprocessFiles, readFaceModel } from './model-folder.ts';

export interface LoadedFaces extends LoadedModel {
  readonly faces: FaceModel;
}

export interface FaceKindOptions {
  sessions: Sessions;
}

export function createFaceKind({ sessions }: FaceKindOptions): ModelKind<LoadedFaces> {
  return {
    kind: 'faces',
    async recognise(folder, { signal }) {
      const found = await read(folder);
      if (found === null) return null;
      const pathOf = (file: string) => relative(folder, file).replaceAll('\\', '/');
      const graphs = {
        detector: pathOf(found.detector.file),
        embedder: pathOf(found.embedders[0].file),
      };
      const paths = [
        graphs.detector,
        ...found.embedders.map(({ file }) => pathOf(file)),
        ...preprocessFiles.filter((path) => existsSync(join(folder, path))),
      ];
      const files = await describeFiles(folder, paths, signal);
      return { graphs, precision: 'float32', files, licence: null };
    },
    async load({ folder, hash }) {
      const faces = await openFaceModel(await readFaceModel(folder), { sessions, hash });
      return {
        faces,
        dimensions: faces.dimensions,
        maxTokens: null,
        // Only if both halves run there.
        provider: () =>
          faces.graphs.some((graph) => graph.provider() === 'cpu') ? 'cpu' : faces.graphs[0].provider(),
        ladder: () => faces.graphs[0].ladder(),
        isBusy: () => faces.waiting() > 0,
        waiting: () => ({ pictures: faces.waiting() }),
        close: () => faces.close(),
      };
    },
  };
}

/** null for a folder that has neither a detector nor an embedder: it is of another kind. */
async function read(folder: string): Promise<FaceModelFiles | null> {
  try {
    return await readFaceModel(folder);
  } catch (error) {
    if (!isPilotlightError(error)) {
      throw new PilotlightError('RUNNER_BAD_MODEL', { message: String(error), cause: error });
    }
    if (error.details?.hasPart === false) return null;
    throw error;
  }
}
