import { formatCount, plural } from '../../units.ts';
import { clause, list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** How many files of a job were treated in which way. */
export interface FileCounts {
  done: number;
  unchanged: number;
  removed: number;
  failed: number;
  skipped: number;
  /** By ignore files; absent for none. */
  ignored?: number;
}

/** Where a machine embeds. */
interface EmbeddingNode {
  node: string;
  on: 'gpu' | 'cpu' | 'builtin';
}

/** Names of folders; null for all of them. */
type Folders = readonly string[] | null;

const quoted = (name: string) => `"${name}"`;
const quotedFolders = (folders: Folders) => (folders === null ? 'all folders' : list(folders.map(quoted)));

const units = { gpu: 'GPU', cpu: 'CPU', builtin: 'built-in' };
const nodeList = (nodes: readonly EmbeddingNode[]) =>
  list(nodes.map(({ node, on }) => `${node} (${units[on]})`));

function counted({ done, unchanged, removed, failed, skipped, ignored = 0 }: FileCounts): string {
  const others = Object.entries({ unchanged, removed, failed, skipped, ignored })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${formatCount(count)} ${name}`);
  return `${[`${plural(done, 'file')} indexed`, ...others].join(', ')}.`;
}

const gpuMachine = (gpu: boolean) => (gpu ? 'a GPU machine' : 'a machine');
const because = (cause: Text | null, result: string) =>
  cause === null ? `${result}.` : `${cause.replace(/\.$/, '')}: ${result}.`;

/** Folders, index jobs and embedders. */
export const indexingMessages = {
  // What a job is called.
  ALL_FOLDERS: () => 'all folders',
  FOLDER_NAMES: ({ names }: { names: readonly string[] }) => names.join(', '),
  EMBEDDER_OF_RUNNER: ({ model }: { model: string }) => `${model} · ONNX runner`,
  EMBEDDER_BUILT_IN: () => 'Built-in, by keywords (lexical)',

  // What a job is doing.
  JOB_STARTING: () => 'Starting…',
  JOB_PAUSED: () => 'Paused. What was already indexed is kept.',
  JOB_UNPAUSED: () => 'Resumed.',
  JOB_USES_CPU: () => 'Continues on the CPU, as requested.',
  SCANNING_FOLDER: ({ folder, files }: { folder: string; files: number | null }) =>
    files === null ? `Scanning "${folder}"…` : `Scanning "${folder}": ${plural(files, 'file')}…`,
  WAKING_NODE: ({ node }: { node: string }) => `Waking ${node}…`,
  CHECKING_NODE: ({ node }: { node: string }) => `Checking ${node}…`,
  LOADING_ON_GPU: ({ model, node }: { model: string; node: string }) =>
    `Loading ${model} onto the GPU of ${node}…`,
  FIRST_BATCH_RUNNING: ({ nodes }: { nodes: readonly EmbeddingNode[] }) =>
    `First batch running on ${nodeList(nodes)}`,
  EMBEDDING_ON: ({ nodes }: { nodes: readonly EmbeddingNode[] }) => `Embedding on ${nodeList(nodes)}`,
  WAITING_FOR_NODE: ({ gpu, model }: { gpu: boolean; model: string }) =>
    `Waiting for ${gpuMachine(gpu)} that has ${model}.`,
  JOB_FINISHING: () => 'Finishing…',

  // What limits its speed.
  LIMITED_BY_SERVER: ({ nodes }: { nodes: readonly string[] }) => `Limited by the speed of ${list(nodes)}.`,
  LIMITED_BY_NETWORK: ({ nodes }: { nodes: readonly string[] }) =>
    `Limited by the network to ${list(nodes)}.`,
  /** Its server does not report how long it works. */
  LIMITED_BY_SERVER_OR_NETWORK: ({ nodes }: { nodes: readonly string[] }) =>
    `Limited by ${list(nodes)} or by the network.`,
  LIMITED_BY_DISK: () => 'Limited by the disk of this computer.',
  LIMITED_BY_PILOTLIGHT: () => 'Limited by the speed of this computer.',

  // How it ended.
  FILES_INDEXED: counted,
  JOB_CANCELLED: ({ files }: { files: number | null }) =>
    sentences('Cancelled.', files === null ? null : `${plural(files, 'file')} indexed.`),
  ERROR_FROM_SERVER: ({ message, server }: { message: Text; server: string }) =>
    `${message} The server reports: ${server}`,
  INDEXING_FINISHED: ({ folders, files }: { folders: Folders; files: FileCounts }) =>
    `Indexing ${quotedFolders(folders)} finished: ${counted(files)}`,
  INDEXING_FAILED: ({ folders, reason }: { folders: Folders; reason: Text }) =>
    `Indexing ${quotedFolders(folders)} failed: ${clause(reason)}.`,
  INDEXING_CANCELLED: ({ folders, files }: { folders: Folders; files: FileCounts }) =>
    `Indexing ${quotedFolders(folders)} was cancelled: ${counted(files)}`,
  CALLBACK_FAILED: ({ folders, reason }: { folders: Folders; reason: Text }) =>
    `The callback after indexing ${quotedFolders(folders)} failed: ${clause(reason)}.`,
  CALLBACK_TRIED: ({ times }: { times: number }) => `It was tried ${plural(times, 'time')}.`,
  ANSWERED_STATUS: ({ status }: { status: number }) => `It answered with status ${status}.`,

  // What happened meanwhile.
  JOB_RESUMED: () => 'The job continues from where Pilotlight stopped.',
  JOB_CONTINUES_AFTER: ({ error }: { error: Text }) =>
    sentences(error, 'The job continues; what was already indexed is kept.'),
  NODE_IS_AWAKE: ({ node }: { node: string }) => `${node} is awake.`,
  NODE_NOT_WOKEN: ({ node, reason }: { node: string; reason: Text }) =>
    `${node} did not wake: ${clause(reason)}.`,
  NODE_AWAKE_WITHOUT_MODEL: ({ node, model }: { node: string; model: string }) =>
    `${node} is awake but does not have ${model}.`,
  NODE_LEFT_ASLEEP: ({ node, reason }: { node: string; reason: Text }) =>
    `${node} stays asleep: ${clause(reason)}.`,
  MODEL_ON_GPU: ({ model, node }: { model: string; node: string }) => `${model} is on the GPU of ${node}.`,
  MODEL_PARTLY_ON_GPU: ({ model, node, reason }: { model: string; node: string; reason: Text }) =>
    `${model} is only partly on the GPU of ${node}: ${clause(reason)}.`,
  GPU_REFUSED_MODEL: ({ model, node, reason }: { model: string; node: string; reason: Text }) =>
    `${model} cannot use the GPU of ${node}: ${clause(reason)}.`,
  NODE_BACK_ON_GPU: ({ node }: { node: string }) => `${node} is back and continues on its GPU.`,
  CONTINUES_ON_GPU: ({ cause, node }: { cause: Text | null; node: string }) =>
    because(cause, `${node} continues on its GPU`),
  CONTINUES_ON_CPU: ({ cause, node }: { cause: Text | null; node: string }) =>
    because(cause, `${node} continues on its CPU`),

  // Why another machine continues.
  NO_GPU_NODE: () => 'No GPU machine is available.',
  GPU_NOT_USABLE: ({ node }: { node: string }) => `The GPU of ${node} cannot be used.`,
  NODE_NOT_AVAILABLE: ({ node }: { node: string }) => `${node} is not available.`,
  NODE_STAYS_ASLEEP: ({ node }: { node: string }) => `${node} stays asleep.`,
  NO_GPU_NODE_WITH_MODEL: () => 'No GPU machine that has the model is awake.',
  REASON_OF_NODE: ({ node, reason }: { node: string; reason: Text }) => `${node}: ${reason}`,

  // The activity log.
  FOLDER_ADDED: ({ folder }: { folder: string }) => `Folder "${folder}" added.`,
  FOLDER_REMOVED: ({ folder }: { folder: string }) => `Folder "${folder}" removed.`,
  INDEXING_BACK_ON_GPU: ({ node, folder }: { node: string; folder: string }) =>
    `${node} is back: indexing "${folder}" continues there.`,
  INDEXING_ON_CPU: ({ node, folder }: { node: string; folder: string }) =>
    `Indexing "${folder}" continues on the CPU of ${node}.`,
  INDEXING_WAITS: ({ folder, gpu, model }: { folder: string; gpu: boolean; model: string }) =>
    `Indexing "${folder}" is waiting for ${gpuMachine(gpu)} that has ${model}.`,

  // Why a call is refused.
  NO_SUCH_JOB: () => 'There is no such index job.',
  NO_SUCH_FOLDER: () => 'There is no such folder in the index.',
  VECTORS_ARE_BEING_MOVED: () => 'The vectors of this folder are already being moved.',
  VECTORS_MOVED: ({ folder, to }: { folder: string; to: 'builtin' | 'qdrant' }) =>
    to === 'qdrant'
      ? `The vectors of "${folder}" are in Qdrant now.`
      : `The vectors of "${folder}" are in Pilotlight again.`,
  VECTORS_NOT_MOVED: ({ folder, to, reason }: { folder: string; to: 'builtin' | 'qdrant'; reason: Text }) =>
    `The vectors of "${folder}" could not be moved ${to === 'qdrant' ? 'to Qdrant' : 'back'}: ${clause(reason)}.`,
  FOLDER_IS_BEING_INDEXED: () => 'This folder is being indexed.',
  FOLDER_ALREADY_INDEXED: ({ name }: { name: string }) => `This folder is already indexed, as "${name}".`,
  WRONG_VECTORS: () => 'The server answered with unexpected vectors.',

  /** Why a machine is asked, as part of a sentence. */
  DESCRIBING_MODEL: ({ model }: { model: string }) => `checking what ${model} can do`,
};
