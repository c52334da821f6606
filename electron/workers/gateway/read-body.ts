/** Reads a request's body into memory, within the budget, while what routing needs is read from it. */
import { fact } from '../../../shared/models/message.ts';
import type { BodyBudget } from './body-budget.ts';
import { decodeBody, type Encoding, readEncoding } from './body-encoding.ts';
import { type BodyFields, createBodyFieldsReader } from './body-fields.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';

export interface KeptBody {
  readonly chunks: readonly Buffer[];
  readonly length: number;
  readonly encoding: Encoding | null;
  readonly fields: BodyFields;
  /** It is not needed any more: gives its memory back. */
  drop(): void;
}

/** Calls `done` once, unless the client goes away or the exchange is refused before. */
export function readBody(
  exchange: Exchange,
  { budget, budgetBytes }: { budget: BodyBudget; budgetBytes: number },
  done: (body: KeptBody) => void,
): void {
  const { request, endpoint } = exchange;
  const encoding = readEncoding(request.headers['content-encoding']);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > budgetBytes) throw tooLarge(budgetBytes);
  const reader = createBodyFieldsReader(endpoint);
  let chunks: Buffer[] = [];
  let length = 0;
  let kept = 0;

  function drop(): void {
    budget.give(kept);
    kept = 0;
    chunks = [];
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
    decodeBody(encoding, chunks).then((decoded) => {
      if (exchange.finished) return;
      reader.write(decoded);
      finish();
    }, refuse);
  }

  function finish(): void {
    const body: KeptBody = {
      get chunks() {
        return chunks;
      },
      length,
      encoding,
      fields: reader.end(),
      drop,
    };
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
