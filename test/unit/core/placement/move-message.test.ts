/** Messages about a model's location, and about failures of a server. */
import { describe, expect, it } from 'vitest';
import { failureMessage, locationMessage } from '../../../../electron/core/placement/move-message.ts';
import { PilotlightError } from '../../../../shared/contract/errors.ts';
import { errorMessage, fact, plainText } from '../../../../shared/models/message.ts';
import { aLoaded, GB } from './support.ts';

describe('the location of a model', () => {
  it.each([
    [6 * GB, 'gpu', 1],
    [3 * GB, 'partial', 0.5],
    [0, 'cpu', 0],
  ] as const)('with %i bytes in VRAM is %s', (vramBytes, placement, gpuShare) => {
    expect(locationMessage(aLoaded({ vramBytes }))).toEqual(
      fact('MODEL_LOCATION', { placement, vramBytes, sizeBytes: 6 * GB, gpuShare }),
    );
  });
});

describe('a failure', () => {
  it('is the message of its error', () => {
    const message = fact('MODEL_NOT_ON_NODE', { model: 'a', node: 'tower' });
    expect(failureMessage(new PilotlightError('MODEL_NOT_FOUND', { message }))).toEqual(message);
    const plain = new PilotlightError('HOST_TIMEOUT', { details: { phase: 'connect' } });
    expect(failureMessage(plain)).toEqual(plainText(plain.message));
  });

  it('includes the text of the server', () => {
    const error = new PilotlightError('OUT_OF_MEMORY', { details: { server: ' CUDA error\n' } });
    expect(failureMessage(error)).toEqual(
      fact('SERVER_FAILURE', { error: errorMessage(error), server: 'CUDA error' }),
    );
  });

  it.each([[' '], [''], [7], [null]])('has none if the server sent %j', (server) => {
    const error = new PilotlightError('SERVER_ERROR', { details: { server } });
    expect(failureMessage(error)).toEqual(plainText(error.message));
  });

  it('that is a defect is reported as one', () => {
    const internal = plainText(new PilotlightError('INTERNAL').message);
    expect(failureMessage(new TypeError('x is undefined'))).toEqual(internal);
    expect(failureMessage(null)).toEqual(internal);
  });
});
