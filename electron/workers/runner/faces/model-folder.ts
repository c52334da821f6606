/** A face model: a folder with a detector and an embedder, told apart by their graphs, not by their names. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPilotlightError, PilotlightError } from '../../../../shared/contract/errors.ts';
import { fact, type Message } from '../../../../shared/models/message.ts';
import { detectorOf } from './detector-kind.ts';
import type { DetectorLayout } from './detector-layout.ts';
import { embedderOf, normalisationOf } from './embedder-kind.ts';
import type { EmbedderLayout } from './embedder-layout.ts';
import { type GraphFile, readGraphFile } from './graph-file.ts';
import type { Normalisation } from './planes.ts';
import {
  foreignNormalisation,
  knownEmbedders,
  normalisationFrom,
  type Preprocess,
  preprocessSchema,
} from './preprocess.ts';

export interface DetectorFile {
  /** Absolute. */
  file: string;
  layout: DetectorLayout;
}

export interface EmbedderFile {
  file: string;
  layout: EmbedderLayout;
  normalisation: Normalisation;
}

export interface FaceModelFiles {
  detector: DetectorFile;
  /** The best one first: of several, the first whose answers can be used is taken. */
  embedders: readonly [EmbedderFile, ...EmbedderFile[]];
}

/**
 * @throws FACES_NOT_A_MODEL, with the reasons; the system's error for a folder that cannot be read
 */
export async function readFaceModel(folder: string): Promise<FaceModelFiles> {
  const preprocess = await readPreprocess(folder);
  const names = (await readdir(folder)).filter((name) => name.toLowerCase().endsWith('.onnx')).sort();
  const detectors: DetectorFile[] = [];
  const embedders: EmbedderFile[] = [];
  const reasons: Message[] = [];
  for (const name of names) {
    const file = join(folder, name);
    const graph = await readGraphFile(file).catch((error: unknown) => {
      if (!isPilotlightError(error) || error.said === null) throw error;
      reasons.push(error.said as Message);
      return null;
    });
    if (graph === null) continue;
    const detector = detectorOf(graph.inputs, graph.outputs);
    const embedder = embedderOf(graph.inputs, graph.outputs);
    if ('layout' in detector) detectors.push({ file, layout: detector.layout });
    else if ('layout' in embedder) {
      const normalisation = await findNormalisation(folder, file, graph, embedder.layout, preprocess);
      embedders.push({ file, layout: embedder.layout, normalisation });
    } else reasons.push(detector.refused, embedder.refused);
  }
  const detector = chosen(detectors, folder, preprocess.detector)[0];
  const [embedder, ...others] = chosen(embedders, folder, preprocess.embedder);
  const files = names.length === 0 ? '–' : names.join(', ');
  const hasPart = detectors.length + embedders.length > 0;
  if (detector === undefined) throw notAModel(fact('FACES_NO_DETECTOR', { files }), reasons, hasPart);
  if (embedder === undefined) throw notAModel(fact('FACES_NO_EMBEDDER', { files }), reasons, hasPart);
  return { detector, embedders: [embedder, ...others] };
}

/** @throws FACES_NOT_A_MODEL if the file is no detector */
export async function readDetector(file: string): Promise<DetectorFile> {
  const graph = await readGraphFile(file);
  const found = detectorOf(graph.inputs, graph.outputs);
  if ('refused' in found) throw notAModel(found.refused, []);
  return { file, layout: found.layout };
}

/** @throws FACES_NOT_A_MODEL if the file is no embedder of faces */
export async function readEmbedder(folder: string, file: string): Promise<EmbedderFile> {
  const graph = await readGraphFile(file);
  const found = embedderOf(graph.inputs, graph.outputs);
  if ('refused' in found) throw notAModel(found.refused, []);
  const preprocess = await readPreprocess(folder);
  const normalisation = await findNormalisation(folder, file, graph, found.layout, preprocess);
  return { file, layout: found.layout, normalisation };
}

/** The one that the settings name, else all of them. */
function chosen<File extends { file: string }>(
  files: readonly File[],
  folder: string,
  name: string | undefined,
): readonly File[] {
  return name === undefined ? files : files.filter(({ file }) => file === join(folder, name));
}

/** Files that change what an embedder gets, whether they are there or not. */
export const preprocessFiles = [
  'preprocess.json',
  'preprocessor_config.json',
  'preprocess_cfg.json',
] as const;

async function readPreprocess(folder: string): Promise<Preprocess> {
  const value = await readJson(join(folder, 'preprocess.json'));
  if (value === undefined) return {};
  const parsed = preprocessSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const problem = [issue?.path.join('.'), issue?.message].filter(Boolean).join(': ');
  throw notAModel(fact('FACES_BAD_PREPROCESS', { problem }), []);
}

async function findNormalisation(
  folder: string,
  file: string,
  graph: GraphFile,
  layout: EmbedderLayout,
  preprocess: Preprocess,
): Promise<Normalisation> {
  const own = normalisationFrom(preprocess);
  if (own !== null) return own;
  for (const name of preprocessFiles.slice(1)) {
    const foreign = foreignNormalisation(await readJson(join(folder, name)));
    if (foreign !== null) return foreign;
  }
  const { size } = await stat(file);
  const candidates = knownEmbedders.filter(({ bytes }) => bytes === size);
  if (candidates.length > 0) {
    const sha256 = await hashOf(file);
    const known = candidates.find((candidate) => candidate.sha256 === sha256);
    if (known !== undefined) return known.normalisation;
  }
  return normalisationOf(graph.nodes, layout.input);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** undefined where there is no such file; a string for what is not JSON, which no schema here accepts. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return error.message;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** @param hasPart whether the folder has a detector or an embedder; if it has neither, it may be of another kind */
const notAModel = (message: Message, reasons: readonly Message[], hasPart = true) =>
  new PilotlightError('FACES_NOT_A_MODEL', {
    message,
    details: { hasPart },
    ...(reasons.length === 0 ? {} : { reasons }),
  });
