/** One request at the gateway: who sent it, what is known of it so far, and how it is answered and counted once. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Message } from '../../../shared/models/message.ts';
import type { Priority } from '../../core/acquire/admission.ts';
import type { ServerTimes } from '../../core/acquire/slot-learning.ts';
import type { GatewayTable, LiveRequest, RequestOutcome, StepTaken } from '../../core/gateway/model.ts';
import type { Place, Queued } from './admission-desk.ts';
import type { Caller } from './callers.ts';
import type { EarlyKind } from './early-answer.ts';
import type { Endpoint } from './endpoints.ts';
import type { Target } from './target.ts';
import type { Tokens } from './tokens.ts';

export interface Exchange {
  /** Unique within this process. */
  readonly id: number;
  /** When it arrived, milliseconds since the epoch. */
  readonly at: number;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target;
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  /** As it was when the request arrived. */
  readonly table: GatewayTable;
  /** Headers for pages, names and values in turn. */
  readonly cors: readonly string[];
  /** Milliseconds since its arrival. */
  elapsed(): number;
  /** The client went away before the answer was complete, or the request was cancelled. */
  readonly isGone: boolean;
  /** A person cancelled it: the client is still there, and gets an error. */
  readonly cancelled: boolean;
  /** Called once, when the client goes away or the request is cancelled. Replaces the one before. */
  onGone: (() => void) | null;
  model: string | null;
  nodeId: string | null;
  /** Why this node. */
  why: Message | null;
  fallback: string | null;
  retries: number;
  firstByteMs: number | null;
  bytesIn: number;
  bytesOut: number;
  tokens: Tokens | null;
  /** How the server says that it spent the time; null while it has not. */
  times: ServerTimes | null;
  /** As the program names itself; null if it does not. */
  readonly program: string | null;
  priority: Priority | null;
  heldMs: number;
  /** `num_ctx` that was sent instead of its own; null if that was left alone. */
  contextLength: number | null;
  /** It chose the layers on the GPU itself. */
  placesModel: boolean;
  /** How the answer was begun before a node answered; null if it was not. */
  early: EarlyKind | null;
  /** Its place in the queue, names and values in turn; empty if it did not wait. */
  holdHeaders: readonly string[];
  /** Answers with an error, unless the client is gone. Anything but a refusal is a defect and becomes INTERNAL. */
  refuse(error: unknown, outcome?: RequestOutcome): void;
  /** Counts it; later calls do nothing. `code` is that of the error, if any. */
  finish(outcome: RequestOutcome, code?: string | null): void;
  readonly finished: boolean;
  /** What it does while it has not been answered. */
  state: LiveRequest['state'];
  steps: readonly StepTaken[];
  /** Its place when it began to wait; null if it does not wait. */
  place: Place | null;
  /** When it began to wait, milliseconds since its arrival; null if it does not. */
  waitingSince: number | null;
  /** Where it waits for its turn; null if it does not. */
  entry: Queued | null;
  hasPrompt: boolean;
  /** Something that a report shows is new since the last one. */
  changed: boolean;
  /** The core knows that it is in progress. */
  reported: boolean;
}

/** The requests in progress, in the order of their arrival. */
export interface LiveExchanges {
  nextId(): number;
  add(exchange: Exchange): void;
  remove(exchange: Exchange): void;
}

/** For those who change its state. */
export type WritableExchange = { -readonly [Key in keyof Exchange]: Exchange[Key] };
