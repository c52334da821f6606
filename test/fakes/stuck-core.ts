/** A process with an index worker in an endless loop, for a test that kills it. Arguments: entry, folder. */

import { createForkWorkerHost } from '../../electron/adapters/processes/worker-host.ts';
import { createUtilityWorkerHost } from '../../electron/main/utility-worker-host.ts';
import { utilityProcess } from '../standin/utility-process.ts';

const [entry = '', folder = '', what = ''] = process.argv.slice(2);
const host =
  what === 'utility process'
    ? createUtilityWorkerHost({
        utilityProcess: utilityProcess as never,
        entry,
        serviceName: 'Pilotlight index',
        killProcess: (pid) => process.kill(pid, 'SIGKILL'),
      })
    : createForkWorkerHost({ entry });
const worker = host.start();
worker.onMessage((message) => {
  const { kind } = message as { kind: string };
  if (kind === 'progress') process.send?.({ kind: 'busy', pid: worker.pid });
});
worker.send({
  kind: 'configure',
  config: {
    folder: `${folder}/indexes`,
    maxIndexBytes: null,
    maxMatrixBytes: 1e6,
    matrixIdleMs: 1000,
    ownFolders: [],
    openFolders: [],
  },
});
const settings = { maxFileBytes: 1e6, chunkTokens: 100 };
const source = { id: 'source', path: `${folder}/files`, embedderId: 'e' };
const call =
  what === 'process'
    ? { method: 'embed', params: { source, settings, params: { texts: ['block'] } } }
    : { method: 'indexBuiltin', params: { source, settings, params: { paths: ['hard.txt'] } } };
worker.send({ kind: 'call', id: 1, ...call });
