/** What went wrong at a node. Pure. */

import errors from 'undici/lib/core/errors.js';
import { fact } from '../../../shared/models/message.ts';
import type { FailureKind } from '../../core/acquire/failure.ts';
import { Refusal } from './refusal.ts';

export const unreachable = (node: string) =>
  new Refusal('HOST_UNREACHABLE', { message: fact('GATEWAY_NODE_UNREACHABLE', { node }) });

export const cutOff = (node: string) =>
  new Refusal('ANSWER_INCOMPLETE', { message: fact('GATEWAY_NODE_CUT_OFF', { node }) });

export const noServer = (node: string) =>
  new Refusal('NOT_AN_INFERENCE_SERVER', { message: fact('GATEWAY_NODE_NO_ANSWER', { node }) });

export const asleep = (node: string) =>
  new Refusal('NODE_ASLEEP', { message: fact('GATEWAY_NODE_ASLEEP', { node }) });

/** What a status of 500 or more says about its node. */
export function failureOf(status: number): FailureKind {
  return status === 503 ? 'busy' : 'server';
}

/** No answer came. Bytes that are no HTTP are another program's. */
export function unanswered(error: unknown, node: string): { failure: FailureKind; refusal: Refusal } {
  const isNotHttp =
    error instanceof errors.HTTPParserError ||
    error instanceof errors.HeadersOverflowError ||
    error instanceof errors.ResponseContentLengthMismatchError;
  // What undici refuses to send was the client's idea.
  if (error instanceof errors.InvalidArgumentError) {
    return { failure: 'input', refusal: new Refusal('BAD_REQUEST') };
  }
  if (isNotHttp) return { failure: 'unavailable', refusal: noServer(node) };
  return { failure: 'connection', refusal: unreachable(node) };
}
