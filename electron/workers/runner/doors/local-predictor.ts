/** Serves Immich's predictions with the models of its own model folder, on this machine. */
import { dirname } from 'node:path';
import * as z from 'zod';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import type { Clock } from '../../../core/ports/time.ts';
import type { AnalysedFace } from '../faces/analysed.ts';
import { type FaceModel, openFaceModel } from '../faces/face-model.ts';
import { readDetector, readEmbedder } from '../faces/model-folder.ts';
import type { Sizing } from '../faces/sizing.ts';
import type { PictureVector, VectorPlan } from '../pictures/task.ts';
import type { OpenedGraph, Sessions } from '../sessions.ts';
import {
  type ClipTextual,
  type ClipTokenizer,
  clipConfigSchema,
  createClipTextual,
  textualTrial,
} from './clip-textual.ts';
import { preprocessCfgSchema, visualPlan, visualTrial } from './clip-visual.ts';
import { createImmichFolder } from './immich-folder.ts';
import { vectorNumbers } from './numbers.ts';
import type { PredictAnswer, PredictEntries, PredictedFace, Predictor, PredictRequest } from './predictor.ts';
import { createShelf } from './shelf.ts';

export interface LocalPredictorOptions {
  clock: Clock;
  sessions: Sessions;
  /** Immich's model folder; null if none is set. */
  folder: string | null;
  makeTokenizer(file: object, config: object): ClipTokenizer;
  /** How long an unused model stays in memory, milliseconds; null keeps all. Default: Immich's 300 s. */
  idleMs?: number | null;
}

export interface LocalPredictor extends Predictor {
  /** Names of the models in memory: `clip/ViT-B-32__openai/visual`. */
  loaded(): string[];
  close(): Promise<void>;
}

const IDLE_MS = 300_000;
const MIN_SCORE = 0.7;
/** insightface shows every picture to a detector without a size of its own at this size, and enlarges small ones. */
const SIZING: Sizing = { kind: 'fixed', width: 640, height: 640, enlarge: true };

export function createLocalPredictor(options: LocalPredictorOptions): LocalPredictor {
  const { clock, sessions, idleMs = IDLE_MS } = options;
  const folder = createImmichFolder(options.folder);
  const visuals = createShelf<ClipVisual>({ clock, idleMs });
  const textuals = createShelf<ClipTextual>({ clock, idleMs });
  const faces = createShelf<FaceModel>({ clock, idleMs });

  const embedImage = (model: string, image: Uint8Array, signal: AbortSignal) =>
    visuals.use(
      `clip/${model}/visual`,
      loading(async () => {
        const cfg = await folder.json('clip', model, 'visual/preprocess_cfg.json', preprocessCfgSchema);
        const { file, hash } = await folder.graph('clip', model, 'visual');
        const graph = await sessions.open(file, { hash, trial: (opened) => visualTrial(opened, cfg) });
        return visualOf(sessions, graph, visualPlan(graph, cfg));
      }),
      (visual) => visual.embed(image, signal),
    );

  const embedText = (model: string, text: string, signal: AbortSignal) =>
    textuals.use(
      `clip/${model}/textual`,
      loading(async () => {
        const config = await folder.json('clip', model, 'config.json', clipConfigSchema);
        const any = z.looseObject({});
        const tokenizer = options.makeTokenizer(
          await folder.json('clip', model, 'textual/tokenizer.json', any),
          await folder.json('clip', model, 'textual/tokenizer_config.json', any),
        );
        const { file, hash } = await folder.graph('clip', model, 'textual');
        const graph = await sessions.open(file, { hash, trial: (opened) => textualTrial(opened, config) });
        return createClipTextual(graph, config, tokenizer);
      }),
      (textual) => textual.embed(text, signal),
    );

  const findFaces = (entry: FaceEntry, image: Uint8Array, signal: AbortSignal) =>
    faces.use(
      `facial-recognition/${entry.detection.modelName}+${entry.recognition.modelName}`,
      loading(async () => {
        const detection = await folder.graph('facial-recognition', entry.detection.modelName, 'detection');
        const recognition = await folder.graph(
          'facial-recognition',
          entry.recognition.modelName,
          'recognition',
        );
        const files = {
          detector: await readDetector(detection.file),
          embedders: [await readEmbedder(dirname(recognition.file), recognition.file)] as const,
        };
        return openFaceModel(files, { sessions, hash: `${detection.hash} ${recognition.hash}` });
      }),
      (model) =>
        model.analyse(image, {
          signal,
          embed: true,
          minQuality: 0,
          cropMargin: null,
          minScore: entry.detection.options?.minScore ?? MIN_SCORE,
          sizing: SIZING,
        }),
    );

  return {
    async predict({ entries, image, text }: PredictRequest, signal) {
      if (entries.ocr !== undefined) throw new PilotlightError('PREDICT_NO_OCR');
      const answer: PredictAnswer = {};
      const { clip, 'facial-recognition': facial } = entries;
      if (clip?.visual !== undefined) {
        const made = await embedImage(clip.visual.modelName, given(image), signal);
        Object.assign(answer, { clip: vectorText(made.vector) }, sizeOf(made));
      }
      if (clip?.textual !== undefined) {
        answer.clip = vectorText(await embedText(clip.textual.modelName, given(text), signal));
      }
      if (facial !== undefined) {
        const found = await findFaces(facial, given(image), signal);
        answer['facial-recognition'] = predictedFaces(found.faces);
        Object.assign(answer, sizeOf(found));
      }
      return answer;
    },
    loaded: () => [visuals, textuals, faces].flatMap((shelf) => shelf.keys()),
    async close() {
      await Promise.all([visuals.close(), textuals.close(), faces.close()]);
    },
  };
}

interface ClipVisual {
  embed(image: Uint8Array, signal: AbortSignal): Promise<PictureVector>;
  close(): Promise<void>;
}

const visualOf = (sessions: Sessions, graph: OpenedGraph, plan: VectorPlan): ClipVisual => ({
  embed: (bytes, signal) => sessions.perform({ kind: 'vector', bytes, plan }, [graph], signal),
  close: () => graph.close(),
});

type FaceEntry = NonNullable<PredictEntries['facial-recognition']>;

function given<Value>(value: Value | null): Value {
  if (value === null) throw new PilotlightError('PREDICT_NOTHING_GIVEN');
  return value;
}

const sizeOf = ({ width, height }: { width: number; height: number }) => ({
  imageHeight: height,
  imageWidth: width,
});

const vectorText = (vector: Float32Array) => JSON.stringify(vectorNumbers(vector));

function predictedFaces(faces: readonly AnalysedFace[]): PredictedFace[] {
  return [...faces]
    .sort((a, b) => b.score - a.score)
    .flatMap(({ box, score, embedding }) =>
      embedding === null
        ? []
        : [
            {
              boundingBox: {
                x1: Math.round(box.x1),
                y1: Math.round(box.y1),
                x2: Math.round(box.x2),
                y2: Math.round(box.y2),
              },
              embedding: vectorText(embedding),
              score,
            },
          ],
    );
}

/** Whatever stands in the way of a model, Immich expects the same status. A runner that stops is no fault of the model. */
function loading<Model>(open: () => Promise<Model>): () => Promise<Model> {
  return async () => {
    try {
      return await open();
    } catch (error) {
      if (isPilotlightError(error) && /^(PREDICT_|RUNNER_ST)/.test(error.code)) throw error;
      throw new PilotlightError('PREDICT_MODEL_FAILED', {
        ...(isPilotlightError(error) ? { message: error.said ?? error.message } : {}),
        cause: error,
      });
    }
  };
}
