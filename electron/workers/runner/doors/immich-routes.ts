/** The routes of Immich's machine learning server, as its server uses them. */
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import type { RunnerRequest, RunnerRoute } from '../http/route.ts';
import { readForm } from './form.ts';
import { type Predictor, readEntries } from './predictor.ts';
import { refusal } from './refusal.ts';

export interface ImmichRoutesOptions {
  predictor: Predictor;
  /** Bytes of one picture's file. */
  pictureBytes: number;
  onPictures(count: number): void;
}

export function createImmichRoutes({
  predictor,
  pictureBytes,
  onPictures,
}: ImmichRoutesOptions): RunnerRoute[] {
  async function predict(request: RunnerRequest) {
    const form = await readForm(request, {
      fileBytes: pictureBytes,
      files: 2,
      // Immich's blob has a name and a type; other senders' may have neither.
      fileFields: ['image'],
      signal: request.signal,
    });
    const entries = readEntries(form.fields.get('entries'));
    const file = form.files.find(({ name }) => name === 'image');
    if (file?.isCut) throw new PilotlightError('PICTURE_TOO_LARGE');
    const image = file?.bytes ?? null;
    // An empty field counts as a missing one.
    const text = form.fields.get('text') || null;
    if (image === null && text === null) throw new PilotlightError('PREDICT_NOTHING_GIVEN');
    if (image !== null) onPictures(1);
    return { status: 200, body: await predictor.predict({ entries, image, text }, request.signal) };
  }

  return [
    {
      method: 'GET',
      path: '/',
      access: 'open',
      handle: () => ({ status: 200, body: { message: 'Immich ML' } }),
    },
    {
      method: 'GET',
      path: '/ping',
      access: 'open',
      handle: () => ({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'pong' }),
    },
    {
      method: 'POST',
      path: '/predict',
      handle: predict,
      refusal,
    },
  ];
}
