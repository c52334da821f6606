/** A download of Ollama: one JSON object on each line of its answer, as `ollama pull` reads them. */
import * as z from 'zod';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { fact } from '../../../shared/models/message.ts';
import type { PullProgress } from '../../core/ports/inference.ts';
import type { HttpStream } from '../../core/ports/network.ts';
import { readJsonLines } from '../network/json-lines.ts';
import { incompleteAnswer, notAnInferenceServer, serverError } from './ollama-errors.ts';
import { errorText } from './ollama-schemas.ts';

const MOST_LINE_CHARACTERS = 64 * 1024;
/** Layers of one model; the largest have about a dozen. */
const MOST_LAYERS = 10_000;

const bytes = z.number().nonnegative().nullish().catch(null);
const lineSchema = z.object({
  status: z.string(),
  /** Of the layer that the line is about. */
  digest: z.string().nullish().catch(null),
  total: bytes,
  /** Left out at the beginning of a layer. */
  completed: bytes,
});

/** Everything has arrived; what follows is work on that machine. */
const CHECKING = /^(?:verifying|writing|removing)\b/i;

/**
 * The progress over all layers that the server has named so far. A layer that is there already counts as complete. One
 * that begins again after a lost connection counts with what it has now.
 */
export function createPullProgress(): (line: z.output<typeof lineSchema>) => PullProgress | null {
  const layers = new Map<string, { total: number; completed: number }>();
  let phase: PullProgress['phase'] = 'downloading';
  return ({ status, digest, total, completed }) => {
    const wasChecking = phase === 'checking';
    if (CHECKING.test(status)) phase = 'checking';
    else if (digest && total && (layers.has(digest) || layers.size < MOST_LAYERS)) {
      phase = 'downloading';
      layers.set(digest, { total, completed: Math.min(total, completed ?? 0) });
    } else return null;
    if (wasChecking && phase === 'checking') return null;
    let doneBytes = 0;
    let totalBytes = 0;
    for (const layer of layers.values()) {
      doneBytes += layer.completed;
      totalBytes += layer.total;
    }
    return { phase, doneBytes, totalBytes: layers.size === 0 ? null : totalBytes };
  };
}

/** Resolves when the server says that the model is there; rejects with why it is not. */
export async function readPull(
  { status, headers, body }: HttpStream,
  path: string,
  onProgress: (progress: PullProgress) => void,
): Promise<void> {
  const notOne = (text: string) => notAnInferenceServer({ status, headers, text }, path);
  if (status < 200 || status > 299) {
    for await (const { value, text } of readJsonLines(body, MOST_LINE_CHARACTERS, notOne)) {
      const said = errorText(value);
      throw said === null ? notOne(text) : pullError(status, said);
    }
    throw notOne('');
  }
  const progress = createPullProgress();
  for await (const { value, text } of readJsonLines(body, MOST_LINE_CHARACTERS, notOne)) {
    // A failure after the first line: the status was sent already.
    const said = errorText(value);
    if (said !== null) throw pullError(status, said);
    const line = lineSchema.safeParse(value);
    if (!line.success) throw notOne(text);
    if (line.data.status === 'success') return;
    const known = progress(line.data);
    if (known !== null) onProgress(known);
  }
  throw incompleteAnswer(path);
}

const DISK_FULL = /no space left on device|not enough space on the disk|disk quota exceeded|\bENOSPC\b/i;
const BAD_NAME = /^invalid model name|^invalid reference|name .*is invalid/i;
const NOT_THERE =
  /^pull model manifest: (?:file does not exist|404\b)|manifest unknown|(?:repository|model) (?:name )?not (?:found|known)/i;
const TOO_OLD = /requires a newer version of ollama|newer version that may be in pre-release/i;
const REFUSED = /\b(?:unauthorized|access denied|forbidden|401|403)\b|invalid username or password/i;
const UNREACHABLE =
  /dial tcp|no such host|i\/o timeout|tls handshake|connection re(?:fused|set)|network is unreachable|no route to host|max retries exceeded|context deadline exceeded|server misbehaving|certificate|proxyconnect|unexpected EOF|: EOF$/i;

/** Ollama has no codes for why a download failed, only messages; its message stays in `details.server`. */
export function pullError(status: number, message: string): PilotlightError {
  const start = message.slice(0, 4000);
  const details = { phase: 'answer', status, server: message.slice(0, 500) };
  // A full disk first: it also ends as "max retries exceeded".
  if (DISK_FULL.test(start)) return new PilotlightError('SERVER_DISK_FULL', { details });
  if (TOO_OLD.test(start))
    return new PilotlightError('SERVER_TOO_OLD', { message: fact('MODEL_NEEDS_NEWER_OLLAMA'), details });
  if (BAD_NAME.test(start)) return new PilotlightError('BAD_MODEL_NAME', { details });
  if (NOT_THERE.test(start)) return new PilotlightError('MODEL_NOT_IN_REGISTRY', { details });
  if (UNREACHABLE.test(start)) return new PilotlightError('REGISTRY_UNREACHABLE', { details });
  if (REFUSED.test(start)) return new PilotlightError('REGISTRY_REFUSED', { details });
  return serverError(status, message);
}
