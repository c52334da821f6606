/** The entry of the index worker: a child process of Node, or a utility process of Electron. */
import { fileURLToPath } from 'node:url';
import { runIndexWorker } from './run.ts';

await runIndexWorker(fileURLToPath(import.meta.url));
