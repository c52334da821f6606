/** The Surroundings port: the networks around this computer. Nothing here runs before it is called. */
import { lookup } from 'node:dns/promises';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { Surroundings } from '../../core/ports/network.ts';
import { browseAgents } from './mdns-browser.ts';
import { readNeighbours } from './neighbours.ts';
import { accepts } from './port-check.ts';

export function createSurroundings(): Surroundings {
  return {
    neighbours: (signal) => readNeighbours(signal),
    announced: (options, onFound, signal) => browseAgents(options, onFound, signal),
    accepts,
    resolve,
  };
}

/** The system's resolver cannot be cancelled, but an aborted caller does not wait for it. */
function resolve(name: string, signal: AbortSignal): Promise<string[]> {
  return new Promise((settle, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    lookup(name, { all: true })
      .then(
        (found) => settle(found.flatMap(({ address, family }) => (family === 4 ? address : []))),
        (cause) => reject(new PilotlightError('NAME_NOT_RESOLVED', { cause })),
      )
      .finally(() => signal.removeEventListener('abort', stop));
  });
}
