/** Errors of pictures and of the faces in them. */
import type { Catalogue } from './entry.ts';

export const pictureErrors = {
  PICTURE_EMPTY: { message: 'The picture has no bytes.', next: 'Send the whole file.', status: 422 },
  PICTURE_NOT_BASE64: {
    message: 'The picture is not valid base64.',
    next: 'Send the bytes of the file as base64, with or without "data:image/jpeg;base64," before it.',
    status: 422,
  },
  PICTURE_UNKNOWN: {
    message: 'This is not a picture.',
    next: 'Send a JPEG, PNG, WebP, AVIF, TIFF or GIF file.',
    status: 422,
  },
  PICTURE_NOT_SUPPORTED: {
    message: 'Pictures of this format are not read.',
    next: 'Convert it to JPEG, PNG, WebP, AVIF, TIFF or GIF.',
    status: 422,
  },
  PICTURE_TOO_LARGE: {
    message: 'The picture is too large.',
    next: 'Send a smaller copy: faces are found on at most 1024 pixels a side anyway.',
    status: 422,
  },
  PICTURE_DAMAGED: {
    message: 'The picture is damaged or cut off.',
    next: 'Open it in a picture viewer to check it, and send it again.',
    status: 422,
  },
  PICTURES_TOO_MANY: {
    message: 'There are too many pictures in one request.',
    next: 'Send them in several requests.',
    status: 422,
  },
  PICTURES_NOT_READABLE: {
    message:
      'Pictures cannot be decoded on this computer: the package "sharp" is missing, or made for another system.',
    next: 'Run "npm ci --ignore-scripts" in the folder of Pilotlight, and start it again.',
    status: 501,
  },
  FACE_NOT_FOUND: {
    message: 'The picture shows no face that is good enough.',
    next: 'Lower min_face_quality, or set require_face to false where an empty list is a result.',
    status: 422,
  },
  FACES_BAD_REQUEST: {
    message: 'The request is not what this address expects.',
    next: 'Correct the named fields: {"images": [{"data": "BASE64", "image_id": "a"}], …}.',
    status: 422,
  },
  FACES_NO_MODEL: {
    message: 'There is no face model.',
    next: 'Add a folder with a detector and an embedder: "npm run pilotlight -- runner models add FOLDER".',
    status: 503,
  },
  FACES_NOT_A_MODEL: {
    message: 'This folder is not a face model.',
    next: 'A face model is a folder with a detector (YuNet or SCRFD) and an embedder of ArcFace’s kind, as .onnx files.',
    status: 422,
  },
  FACES_WRONG_ANSWER: {
    message: 'The model gave an answer that cannot be used.',
    next: 'Try another copy of the model. If the CPU gives the right answer, update the driver of the GPU.',
    status: 500,
  },
  PREDICT_BAD_ENTRIES: {
    message: 'The field "entries" does not say which models to run.',
    next: 'Send it as Immich’s server does, such as {"clip":{"visual":{"modelName":"ViT-B-32__openai"}}}.',
    status: 422,
  },
  PREDICT_BAD_FORM: {
    message: 'The body is not a form with fields.',
    next: 'Send multipart/form-data with a boundary, complete.',
    status: 400,
  },
  PREDICT_NOTHING_GIVEN: {
    message: 'Either image or text must be provided.',
    next: 'Send a field "image" or a field "text" beside "entries".',
    status: 400,
  },
  PREDICT_MODEL_MISSING: {
    message: 'The model is not in Immich’s model folder.',
    next: 'Let Immich’s own machine learning download it once, or copy its folder; Pilotlight downloads none.',
    status: 500,
  },
  PREDICT_MODEL_FAILED: {
    message: 'The model could not be loaded.',
    next: 'Check the files of the model in Immich’s model folder.',
    status: 500,
  },
  PREDICT_NO_OCR: {
    message: 'The runner does not read text in pictures.',
    next: 'Enter the address of Immich’s own machine learning in Settings → Immich, or switch OCR off in Immich.',
    status: 501,
  },
} as const satisfies Catalogue;
