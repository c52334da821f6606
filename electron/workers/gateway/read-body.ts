/** Reads a request's body into memory, within the budget, while what routing needs is read from it. */
import { fact } from '../../../shared/models/message.ts';
import { decodeBody, type Encoding, readEncoding } from './body-encoding.ts';
import { type BodyFields, createBodyFieldsReader } from './body-fields.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import type { GatewayState } from './state.ts';

export interface KeptBody {
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly encoding: Encoding | null;
  readonly fields: BodyFields;
  /** It is not needed any more: gives its memory back. */
  drop(): void;
}

const PIECE_BYTES = 1024 * 1024;

/** Calls `done` once, unless the client goes away or the exchange is refused before. */
export function readBody(
  exchange: Exchange,
  { budget, decoding, prompts }: Pick<GatewayState, 'budget' | 'decoding' | 'prompts'>,
  done: (body: KeptBody) => void,
): void {
  const { request, endpoint } = exchange;
  const budgetBytes = exchange.table.settings.bodyBudgetBytes;
  const encoding = readEncoding(request.headers['content-encoding']);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > budgetBytes) throw tooLarge(budgetBytes);
  const reader = createBodyFieldsReader(endpoint);
  let chunks: Buffer[] = [];
  let length = 0;
  let kept = 0;
  let body: { -readonly [Key in keyof KeptBody]: KeptBody[Key] } | null = null;

  function drop(): void {
    budget.give(kept);
    kept = 0;
    chunks = [];
    if (body !== null) body.chunks = chunks;
  }

  function refuse(refusal: Refusal): void {
    request.removeListener('data', onData);
    request.removeListener('end', onEnd);
    drop();
    exchange.refuse(refusal);
  }

  function onData(chunk: Buffer): void {
    length += chunk.length;
    exchange.bytesIn = length;
    if (length > budgetBytes) {
      refuse(tooLarge(budgetBytes));
      return;
    }
    if (!budget.take(chunk.length)) {
      refuse(new Refusal('BODY_MEMORY_FULL'));
      return;
    }
    kept += chunk.length;
    chunks.push(chunk);
    if (encoding === null) reader.write(chunk);
  }

  function onEnd(): void {
    if (encoding === null || length === 0) {
      finish();
      return;
    }
    const decoded = decoding.take('', () => readDecoded(encoding));
    decoded.then(() => {
      if (!exchange.finished) finish();
    }, refuse);
  }

  async function readDecoded(encoded: Encoding): Promise<void> {
    const decoded = await decodeBody(encoded, chunks);
    prompts.offer(exchange, [decoded]);
    for (let at = 0; at < decoded.length; at += PIECE_BYTES) {
      reader.write(decoded.subarray(at, at + PIECE_BYTES));
      // Others are served meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  function finish(): void {
    // Without getters: see exchange.ts.
    body = { chunks, length, encoding, fields: reader.end(), drop };
    done(body);
  }

  exchange.onGone = () => {
    drop();
    exchange.finish('cancelled');
  };
  request.on('data', onData);
  request.on('end', onEnd);
}

function tooLarge(limitBytes: number): Refusal {
  return new Refusal('REQUEST_TOO_LARGE', { message: fact('GATEWAY_BODY_LIMIT', { limitBytes }) });
}
