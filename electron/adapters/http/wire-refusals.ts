import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type AnswerConnection, refusalStatus } from './refusals.ts';

const badConnections = {
  'too-slow': 'The request took too long to arrive.',
  'headers-too-large': 'The address or the headers of the request are too long.',
  malformed: 'The request is not valid HTTP.',
};

/** How the panel's own listeners answer: SERVER_BUSY or BAD_REQUEST, in the wire shape of the contract. */
export const wireRefusal: AnswerConnection = (refusal) => {
  const error =
    refusal === 'busy'
      ? new PilotlightError('SERVER_BUSY', {
          message: 'Pilotlight has too many open connections.',
          next: 'Try again in a few seconds, when idle ones have closed.',
        })
      : new PilotlightError('BAD_REQUEST', { message: badConnections[refusal] });
  return { status: refusalStatus[refusal], body: error.toWire() };
};
