import { formatBytes, formatCount } from '../../units.ts';

/** Why a picture or a face model is refused. */
export const pictureMessages = {
  FACES_BAD_FIELD: ({ field, problem }: { field: string; problem: string }) =>
    `The field "${field}" cannot be used: ${problem}.`,
  FACES_NO_FILES: () => 'The request has no form with a picture in it.',
  PICTURE_HAS_BYTES: ({ bytes, limit }: { bytes: number; limit: number }) =>
    `The picture is too large: ${formatBytes(bytes)} (limit ${formatBytes(limit)}).`,
  PICTURE_HAS_PIXELS: ({ width, height, limit }: { width: number; height: number; limit: number }) =>
    `The picture is too large: ${width} × ${height} pixels (limit ${formatCount(limit)}).`,
  PICTURE_TAKES_TOO_LONG: ({ seconds }: { seconds: number }) =>
    `The picture took more than ${seconds} s to decode.`,
  PICTURE_HAS_FORMAT: ({ format }: { format: string }) => `${format} pictures are not read.`,
  PICTURES_COUNT: ({ count, limit }: { count: number; limit: number }) =>
    `There are ${count} pictures in one request (limit ${limit}).`,

  GRAPH_NO_PICTURE_INPUT: ({ shape }: { shape: string }) =>
    `Its input is ${shape}, not a batch of pictures with three channels.`,
  GRAPH_MANY_INPUTS: ({ count }: { count: number }) => `It takes ${count} inputs, not one picture.`,
  GRAPH_UNKNOWN_OUTPUTS: ({ names }: { names: string }) =>
    `Its outputs (${names}) are neither YuNet’s nor SCRFD’s.`,
  GRAPH_WRONG_ROWS: ({ name, rows }: { name: string; rows: number }) =>
    `Its output "${name}" has ${rows} rows, which does not fit strides of 8, 16 and 32.`,
  GRAPH_NO_VECTOR: ({ shape }: { shape: string }) => `Its output is ${shape}, not one vector for each face.`,
  GRAPH_BAD_VALUES: ({ name }: { name: string }) => `Its output "${name}" has values that are not numbers.`,
  GRAPH_UNREADABLE: ({ file }: { file: string }) => `${file} is not an ONNX graph, or is cut off.`,
  FACES_NO_DETECTOR: ({ files }: { files: string }) => `No file is a face detector (${files}).`,
  FACES_NO_EMBEDDER: ({ files }: { files: string }) => `No file makes vectors of faces (${files}).`,
  FACES_BAD_PREPROCESS: ({ problem }: { problem: string }) =>
    `Its preprocess.json cannot be used: ${problem}.`,

  IMMICH_FILE_MISSING: ({ file }: { file: string }) => `There is no ${file}.`,
  IMMICH_FILE_BAD: ({ file, problem }: { file: string; problem: string }) =>
    `${file} cannot be used: ${problem}.`,
  IMMICH_FOLDER_UNSET: () => 'No folder with Immich’s models is set.',
};
