/** Errors of the ONNX runner: its processes, its models and its inputs. */
import type { Catalogue } from './entry.ts';

export const runnerErrors = {
  RUNNER_STARTING: {
    message: 'The runner is not ready yet.',
    next: 'Send the request again in a moment.',
    status: 503,
  },
  RUNNER_CANNOT_LISTEN: {
    message: 'The runner cannot listen at its address, or cannot write to its folder.',
    next: 'Choose another port, or free the disk, then start it again.',
    status: 503,
  },
  RUNNER_STOPPED: {
    message: 'The runner is stopping.',
    next: 'Start it again, then repeat the request.',
    status: 503,
  },
  RUNNER_NOT_INSTALLED: {
    message: 'The library that runs the models, onnxruntime, cannot be loaded on this computer.',
    next: 'Run "npm start" in the folder of Pilotlight, which installs what this system needs.',
    status: 503,
  },
  RUNNER_OUT_OF_MEMORY: {
    message: 'The device has too little memory for this run.',
    next: 'Drop other models, send smaller batches, or use a smaller model.',
    status: 503,
  },
  RUNNER_BAD_GRAPH: {
    message: 'This file is not a graph that onnxruntime can run.',
    next: 'Export or download the model again.',
    status: 422,
  },
  RUNNER_BAD_MODEL: {
    message: 'This folder holds no model that the runner can use.',
    next: 'Choose a folder with model.onnx (or onnx/model.onnx), tokenizer.json and config.json; for speech, with encoder_model.onnx and its decoder.',
    status: 422,
  },
  RUNNER_NO_MODEL: {
    message: 'The runner has no such model.',
    next: 'Use one of its models, or add one: npm run pilotlight -- runner models add FOLDER.',
    status: 404,
  },
  RUNNER_BAD_NAME: {
    message: 'This is not a name for a model.',
    next: 'Use letters, digits, dots, dashes and underscores, at most 100 of them.',
    status: 400,
  },
  RUNNER_NAN: {
    message: 'The model answered with numbers that are not finite.',
    next: 'Use the float version of the model, or run it on the CPU.',
    status: 500,
  },
  RUNNER_INPUT_REFUSED: {
    message: 'This input ended the inference process repeatedly and is not tried again.',
    next: 'Leave it out, or shorten it.',
    status: 422,
  },
  RUNNER_NO_TOKEN_VECTORS: {
    message: 'This model gives one vector for a text, and none for its tokens.',
    next: 'Ask for the vector of the text, or use a model whose graph has an output for tokens.',
    status: 422,
  },
  RUNNER_OTHER_TASK: {
    message: 'The models of the runner make vectors; none of them ranks texts or makes sparse vectors.',
    next: 'Use /embed, /embed_all or /similarity.',
    status: 422,
  },
  RUNNER_QUEUE_FULL: {
    message: 'The runner has too many texts waiting.',
    next: 'Send the request again in a few seconds.',
    status: 503,
  },
  RECORDING_UNREADABLE: {
    message: 'The runner cannot read this recording.',
    next: 'Convert it with "ffmpeg -i FILE -ac 1 -ar 16000 -c:a pcm_s16le speech.wav", and send that.',
    status: 422,
  },
  RUNNER_BODY_TOO_LARGE: {
    message: 'The request is too large.',
    next: 'Send it in several parts.',
    status: 413,
  },
  RUNNER_BAD_JSON: {
    message: 'The body of the request is not valid JSON.',
    next: 'Correct it and send it again.',
    status: 400,
  },
  RUNNER_DOWNLOAD_FAILED: {
    message: 'The model could not be downloaded.',
    next: 'Run the same command again: it continues where it stopped.',
    status: 502,
  },
  RUNNER_DOWNLOAD_WRONG: {
    message: 'What was downloaded is not the file that the catalogue describes; none of it was kept.',
    next: 'Try again later, or choose another source in Settings → Runner.',
    status: 502,
  },
} as const satisfies Catalogue;
