/** `/api/pull`: fetches a model from the simulator's own registry, with the progress lines of the real one. */
import { booleanField, type Exchange, readJson, sendJson, textField, writeLine } from './http-exchange.ts';
import { fullName } from './library.ts';
import { OllamaError } from './model.ts';
import type { ServerContext } from './server-context.ts';

const PROGRESS_EVERY_MS = 60;

export async function pull(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'PullRequest') || textField(body, 'name', 'PullRequest');
  const stream = booleanField(body, 'stream', 'PullRequest') ?? true;
  if (name === '') throw new OllamaError(400, 'invalid model name');
  const send = (line: object) => {
    if (stream) writeLine(exchange.response, line);
  };

  send({ status: 'pulling manifest' });
  const wanted = fullName(name).toLowerCase();
  const model = context.registry.find((candidate) => candidate.name.toLowerCase() === wanted);
  if (!model) {
    // The first line has sent status 200, so a streamed failure is a line.
    throw new OllamaError(500, 'pull model manifest: file does not exist');
  }
  const blob = {
    status: `pulling ${model.blob.slice(0, 12)}`,
    digest: `sha256:${model.blob}`,
    total: model.sizeBytes,
  };
  send(blob);
  const step = Math.max(1, Math.round((context.pullBytesPerSecond * PROGRESS_EVERY_MS) / 1000));
  for (let completed = 0; completed < model.sizeBytes; ) {
    await context.clock.sleep(PROGRESS_EVERY_MS, exchange.signal);
    completed = Math.min(model.sizeBytes, completed + step);
    send({ ...blob, completed });
  }
  send({ status: 'verifying sha256 digest' });
  send({ status: 'writing manifest' });
  context.library.add({ ...model, modifiedAt: context.clock.now() });
  if (stream) {
    writeLine(exchange.response, { status: 'success' });
    exchange.response.end();
  } else sendJson(exchange.response, 200, { status: 'success' });
}
