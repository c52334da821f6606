import { expect, test } from 'vitest';
import { createPreloadLink } from '../../../renderer/client/preload-link.ts';
import { jobName, loadTexts, textOf } from '../../../renderer/texts.ts';
import type { ServerMessage } from '../../../shared/contract/link.ts';
import { fact, plainText } from '../../../shared/models/message.ts';
import { domains } from '../../../shared/text/catalogue.ts';
import { textOf as wholeText } from '../../../shared/text/index.ts';

test('nothing can be written before the texts are loaded, everything afterwards', async () => {
  const message = fact('NODE_WOKE', { node: 'gpu-tower', tookMs: 4200 });
  expect(textOf(message)).not.toBe(wholeText(message));
  expect(await loadTexts()).toBe(true);
  expect(textOf(message)).toBe(wholeText(message));
  expect(jobName({ label: plainText('Notes') })).toBe('Notes');
  for (const code of Object.keys(Object.assign({}, ...Object.values(domains))))
    expect(textOf({ code, params: {} }), code).toBe(wholeText({ code, params: {} }));
});

test('what arrives in the window before the texts is delivered after them, in order', async () => {
  let arrive = (_message: ServerMessage) => {};
  const texts = Promise.withResolvers<boolean>();
  const link = createPreloadLink(
    {
      send() {},
      chooseFolder() {},
      onMessage(listener) {
        arrive = listener;
        return () => {};
      },
    },
    texts.promise,
  );
  const seen: number[] = [];
  link.onMessage((message) => seen.push('id' in message ? (message.id ?? -1) : -1));
  const answer = (id: number): ServerMessage => ({ type: 'result', id, result: null });
  arrive(answer(1));
  arrive(answer(2));
  await Promise.resolve();
  expect(seen).toEqual([]);
  texts.resolve(true);
  await texts.promise;
  arrive(answer(3));
  expect(seen).toEqual([1, 2, 3]);
});
