/** `/api/pull`: fetches a model from the simulator's own registry, with the progress lines of the real one. */
import {
  booleanField,
  type Exchange,
  readJson,
  sendPlainJson,
  textField,
  writeLine,
} from './http-exchange.ts';
import { fullName, isValidName } from './library.ts';
import { OllamaError } from './model.ts';
import type { ServerContext } from './server-context.ts';

const PROGRESS_EVERY_MS = 60;
/** As the system says it. */
const NO_SPACE = 'write /usr/share/ollama/.ollama/models/blobs/sha256-partial: no space left on device';

export async function pull(context: ServerContext, exchange: Exchange): Promise<void> {
  const body = await readJson(exchange.request);
  const name = textField(body, 'model', 'PullRequest') || textField(body, 'name', 'PullRequest');
  const stream = booleanField(body, 'stream', 'PullRequest') ?? true;
  const insecure = booleanField(body, 'insecure', 'PullRequest') ?? false;
  if (!isValidName(name)) throw new OllamaError(400, 'invalid model name');
  const send = (line: object) => {
    if (stream) writeLine(exchange.response, line);
  };

  // The first line has sent status 200, so a streamed failure is a line.
  const fail = (error: string) => {
    if (stream) {
      writeLine(exchange.response, { error });
      exchange.response.end();
    } else sendPlainJson(exchange.response, 500, { error });
  };

  send({ status: 'pulling manifest' });
  const wanted = fullName(name).toLowerCase();
  const model = context.registry.find((candidate) => candidate.name.toLowerCase() === wanted);
  if (!model) {
    fail(manifestFailure(name, insecure));
    return;
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
    if (context.faults.is('full-disk')) return fail(NO_SPACE);
  }
  send({ status: 'verifying sha256 digest' });
  send({ status: 'writing manifest' });
  context.library.add({ ...model, modifiedAt: context.clock.now() });
  if (stream) {
    writeLine(exchange.response, { status: 'success' });
    exchange.response.end();
  } else sendPlainJson(exchange.response, 200, { status: 'success' });
}

/** Why a model cannot be fetched. A name with a host is for another registry, and none is simulated. */
export function manifestFailure(name: string, insecure: boolean): string {
  const [host = '', ...path] = name.split('/');
  if (path.length === 0 || !/[.:]/.test(host)) return 'pull model manifest: file does not exist';
  const [model, tag] = fullName(path.join('/')).split(':');
  const url = `${insecure ? 'http' : 'https'}://${host}/v2/${model}/manifests/${tag}`;
  return `pull model manifest: Get "${url}": dial tcp ${host}: connect: connection refused`;
}
