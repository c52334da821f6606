/** The door's process, as its owner starts and stops it. */
import { PilotlightError, toWireError } from '../../../../shared/contract/errors.ts';
import type { RunnerContract, RunnerEvent } from '../../../adapters/processes/runner/protocol.ts';
import type { WorkerHost } from '../../../adapters/processes/worker-host.ts';
import type { Log } from '../../../core/ports/log.ts';
import { serveWorker } from '../../process.ts';
import { type Door, openDoor } from './door.ts';

/** @param entry absolute path of the calling program; its threads run the watchdog */
export function serveRunner(
  entry: string,
  { inferenceHost, log }: { inferenceHost: WorkerHost; log: Log },
): void {
  serveWorker<RunnerContract>(entry, ({ send, kill }) => {
    let opening: Promise<Door> | null = null;
    const report = (event: RunnerEvent) => send({ kind: 'event', event });

    async function open(config: RunnerContract['config']): Promise<void> {
      try {
        opening = openDoor({
          config,
          inferenceHost,
          log,
          onLost: kill,
          onOpening: () => report({ kind: 'opening' }),
        });
        const { endpoint, taken } = await opening;
        report({ kind: taken ? 'taken' : 'listening', endpoint });
        if (taken) setImmediate(() => process.exit(0));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const failure = new PilotlightError('RUNNER_CANNOT_LISTEN', { message: reason, cause: error });
        report({ kind: 'failed', error: toWireError(failure) });
      }
    }

    return {
      receive(message) {
        if (message.kind === 'configure') void open(message.config);
      },
      async stop() {
        const door = await opening?.catch(() => null);
        await door?.stop();
      },
    };
  });
}
