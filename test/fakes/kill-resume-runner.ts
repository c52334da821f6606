/** One run of a core that indexes until it is done, for a test that kills it. `runner DATA_FOLDER` */
import { startHostAt } from './indexing-world.ts';

const host = await startHostAt(process.argv[2] ?? '');
const { indexing } = host.core.services;
const job =
  indexing.currentJob() ??
  indexing.startJob({ sourceIds: null, full: false, rebuild: true, useGpu: true, callbackUrl: null });
process.send?.({ kind: 'running', resumed: job.resumed });
const ended = await indexing.waitForJob(job.id, new AbortController().signal);
await host.stop();
process.send?.({ kind: 'ended', status: ended.status, detail: ended.detail }, () => process.exit(0));
