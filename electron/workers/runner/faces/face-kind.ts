/** Face models, as the shelf loads and drops them. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RunnerProvider } from '../../../../shared/models/runner.ts';
import { describeFiles } from '../models/folder.ts';
import type { LoadedModel, ModelKind } from '../models/kind.ts';
import { onnxFilesIn } from '../models/onnx-files.ts';
import type { Pictures } from '../pictures/pictures.ts';
import type { OpenedGraph, Sessions } from '../sessions.ts';
import { type FaceModel, openFaceModel } from './face-model.ts';
import { readFaceModel } from './model-folder.ts';

export interface LoadedFaces extends LoadedModel {
  readonly faces: FaceModel;
}

/** Files that say how pictures are prepared. */
const settingFiles = ['preprocess.json', 'preprocessor_config.json', 'preprocess_cfg.json'];

export function createFaceKind(options: {
  sessions: Sessions;
  pictures: Pick<Pictures, 'resize'>;
}): ModelKind<LoadedFaces> {
  return {
    kind: 'faces',
    async recognise(folder, { signal }) {
      if (onnxFilesIn(folder).length === 0) return null;
      const { detector, embedders } = await readFaceModel(folder);
      const graphs = [detector.file, ...embedders.map(({ file }) => file)].map((file) => basename(file));
      const settings = settingFiles.filter((name) => existsSync(join(folder, name)));
      const files = await describeFiles(folder, [...graphs, ...settings], signal);
      return {
        graphs: Object.fromEntries(
          graphs.map((name, index) => [index === 0 ? 'detector' : `embedder${index}`, name]),
        ),
        precision: 'float32',
        files,
        licence: null,
      };
    },
    async load({ folder }) {
      const faces = await openFaceModel(await readFaceModel(folder), options);
      return {
        faces,
        dimensions: faces.embedder.dimensions,
        maxTokens: null,
        provider: () => providerOf(faces.graphs),
        ladder: () => faces.graphs[0]?.ladder() ?? [],
        isBusy: () => false,
        close: faces.close,
      };
    },
  };
}

/** The CPU if any of the graphs runs there. */
function providerOf(graphs: readonly OpenedGraph[]): RunnerProvider {
  const providers = graphs.map((graph) => graph.provider());
  return providers.includes('cpu') ? 'cpu' : (providers[0] ?? 'cpu');
}
