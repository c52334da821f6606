/** The file of an agent, for the machine on which it is installed: at an address that is signed, and works once. */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { agentFilePath } from '../../../shared/models/agent-install.ts';
import type { AgentInstallService } from '../../core/agent-updates/install.ts';
import { disconnectSignal } from './app.ts';

export const agentFileRoute =
  ({ open, check }: Pick<AgentInstallService, 'open' | 'check'>) =>
  (app: FastifyInstance): void => {
    // It stays below the limit for strangers: a machine asks once, only guesses are many.
    app.route({
      method: ['GET', 'HEAD'],
      url: agentFilePath,
      async handler(request, reply) {
        const query = request.query as Record<string, unknown>;
        const gone = disconnectSignal(reply);
        if (request.method === 'HEAD') return describe(reply, await check(query, gone)).send();
        const file = await open(query, gone);
        // The client may have gone while the file was opened: then nothing closes any more.
        if (gone.aborted) {
          file.end(false);
          throw gone.reason;
        }
        reply.raw.once('close', () => file.end(reply.raw.writableFinished));
        return describe(reply, file).send(Readable.from(file.content(gone), { objectMode: false }));
      },
    });
  };

const describe = (reply: FastifyReply, { name, sizeBytes }: { name: string; sizeBytes: number }) =>
  reply.headers({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'content-length': String(sizeBytes),
    'cache-control': 'no-store',
  });
