import * as z from 'zod';
import { errorCodes, isPilotlightError, PilotlightError } from '../../shared/contract/errors.ts';
import { isMethodName, methods, type Scope } from '../../shared/contract/methods.ts';
import { eitherOf } from '../../shared/either.ts';
import { messageSchema } from '../../shared/models/message.ts';
import type { CallContext, Handlers } from '../core/runtime/handlers.ts';

const NAMED_FIELDS = 5;
const SHOWN_LENGTH = 80;
/** What a refinement of the contract may add to its refusal. */
const codedRefusal = z.object({ code: z.enum(errorCodes), message: messageSchema });

export interface DispatcherOptions {
  handlers: Handlers;
  /** Also validates each result against the contract, for tests: a wrong result becomes INTERNAL. Default false. */
  checkResults?: boolean;
}

export interface DispatchedCall {
  method: string;
  /** Not trusted: parsed by the contract. `undefined` and `null` mean no parameters. */
  params: unknown;
  /** What the sender may do. */
  scopes: ReadonlySet<Scope>;
  /** The credential that it was sent with. Default: none. */
  credentialId?: string | null;
  /** Aborted when the sender cancels or its link is lost. */
  signal: AbortSignal;
}

/** The only entry to the methods, shared by all links of a host. */
export interface Dispatcher {
  /**
   * Runs a method and returns its result. Rejects with UNKNOWN_METHOD, FORBIDDEN, BAD_REQUEST (its `details.fields`
   * name what is wrong), STOPPING, CANCELLED, or the handler's error.
   */
  call(call: DispatchedCall): Promise<unknown>;
  /** Answers every new call with STOPPING; calls in progress continue. */
  refuse(): void;
  /** Resolves when no call is in progress. */
  drained(): Promise<void>;
  /** Aborts the calls in progress. */
  abort(): void;
  readonly running: number;
}

export function createDispatcher({ handlers, checkResults = false }: DispatcherOptions): Dispatcher {
  const stopped = new AbortController();
  const waiting = new Set<() => void>();
  let refusing = false;
  let running = 0;

  async function run(call: DispatchedCall): Promise<unknown> {
    const { method, params, scopes, credentialId = null, signal } = call;
    if (refusing) throw new PilotlightError('STOPPING');
    if (!isMethodName(method))
      throw new PilotlightError('UNKNOWN_METHOD', { details: { method: short(method) } });
    const definition = methods[method];
    if (!scopes.has(definition.scope)) {
      throw new PilotlightError('FORBIDDEN', { details: { method, scope: definition.scope } });
    }
    const checked = parseRequest(definition.params, params ?? {});
    signal.throwIfAborted();
    // The types tie each handler to its method; only here are all of them called alike.
    const handler = handlers[method] as (params: unknown, context: CallContext) => unknown;
    using both = eitherOf(signal, stopped.signal);
    let result: unknown;
    try {
      result = await handler(checked, { signal: both.signal, credentialId });
    } catch (error) {
      if (both.signal.aborted && !isPilotlightError(error))
        throw new PilotlightError('CANCELLED', { cause: error });
      throw error;
    }
    return checkResults ? (definition.result as z.ZodType).parse(result) : result;
  }

  return {
    async call(call) {
      running += 1;
      try {
        return await run(call);
      } finally {
        running -= 1;
        if (running === 0) {
          for (const wake of waiting) wake();
          waiting.clear();
        }
      }
    },
    refuse() {
      refusing = true;
    },
    drained() {
      if (running === 0) return Promise.resolve();
      return new Promise((resolve) => waiting.add(resolve));
    },
    abort() {
      stopped.abort(new PilotlightError('STOPPING'));
    },
    get running() {
      return running;
    },
  };
}

/**
 * Parses what a sender wrote. Rejects with BAD_REQUEST; `details.fields` is `{path, message}[]`. Where the schema names a
 * code of its own, it rejects with that, and `details.field` is the path.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fields = parsed.error.issues.slice(0, 20).map((issue) => ({
    path: short(issue.path.map(String).join('.')),
    message: issue.code === 'unrecognized_keys' ? unknownFields(issue.keys) : issue.message,
  }));
  for (const issue of parsed.error.issues) {
    const coded = issue.code === 'custom' ? codedRefusal.safeParse(issue.params) : null;
    if (!coded?.success) continue;
    const { code, message } = coded.data;
    throw new PilotlightError(code, {
      message,
      details: { field: issue.path.map(String).join('.'), fields },
    });
  }
  const first = fields[0];
  const named = first === undefined || first.path === '' ? '' : ` "${first.path}": ${first.message}.`;
  throw new PilotlightError('BAD_REQUEST', {
    message: `The request does not match this method.${named}`,
    details: { fields },
  });
}

function unknownFields(keys: readonly string[]): string {
  const named = keys.slice(0, NAMED_FIELDS).map((key) => `"${short(key)}"`);
  const more = keys.length > NAMED_FIELDS ? `, and ${keys.length - NAMED_FIELDS} more` : '';
  return `Unknown ${keys.length === 1 ? 'field' : 'fields'}: ${named.join(', ')}${more}`;
}

/** What a sender chose is repeated to it only so far that it is recognised. */
const short = (text: string) => (text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text);
