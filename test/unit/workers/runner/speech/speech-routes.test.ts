import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { RunnerRequest } from '../../../../../electron/workers/runner/http/route.ts';
import { createSpeechRoutes } from '../../../../../electron/workers/runner/speech/speech-routes.ts';

const routes = createSpeechRoutes({
  shelf: { usual: () => ({}), added: () => [] } as never,
  onSpeech() {},
  pause: async () => {},
});
const never = new AbortController().signal;

/** The body never comes. */
const requestOf = (contentLength: string): RunnerRequest =>
  ({
    headers: { 'content-length': contentLength, 'content-type': 'multipart/form-data; boundary=x' },
    signal: never,
    stream: new PassThrough(),
    json: () => new Promise(() => {}),
  }) as never;

it.each(routes)('$path refuses at once what is announced to be too large', async ({ handle }) => {
  for (const length of ['168000001', '9007199254740991', '99999999999999999999'])
    await expect(handle(requestOf(length))).rejects.toMatchObject({ code: 'RUNNER_BODY_TOO_LARGE' });
});
