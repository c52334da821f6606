/** What went wrong at a node. Pure. */
import { fact } from '../../../shared/models/message.ts';
import { Refusal } from './refusal.ts';

export const unreachable = (node: string) =>
  new Refusal('HOST_UNREACHABLE', { message: fact('GATEWAY_NODE_UNREACHABLE', { node }) });

export const cutOff = (node: string) =>
  new Refusal('ANSWER_INCOMPLETE', { message: fact('GATEWAY_NODE_CUT_OFF', { node }) });

export const noServer = (node: string) =>
  new Refusal('NOT_AN_INFERENCE_SERVER', { message: fact('GATEWAY_NODE_NO_ANSWER', { node }) });

export const asleep = (node: string) =>
  new Refusal('NODE_ASLEEP', { message: fact('GATEWAY_NODE_ASLEEP', { node }) });
