/** What the tasks service offers to other rooms, and the parts of other services that it calls. */
import type * as z from 'zod';
import type { WorkerAnswer, WorkerRequest, WorkerTask } from '../../../shared/contract/task-worker.ts';
import type { newTaskInputSchema } from '../../../shared/contract/tasks.ts';
import type {
  ContentType,
  IngestedText,
  TaskDepth,
  TaskDetails,
  TaskInput,
  TaskQueueName,
  TaskQueueView,
  TaskQueueWarning,
  TaskSpec,
  TaskState,
  TaskView,
  TaskWorker,
  WhenGpuAsleep,
} from '../../../shared/models/tasks.ts';
import type { HistorySpan } from '../../../shared/models/telemetry.ts';
import type { StoredText } from '../indexing/places.ts';
import type { SharedFolder, TaskFile, TaskFiles } from '../ports/task-files.ts';
import type { TaskQuery } from '../ports/task-queue.ts';
import type { Media } from './media.ts';
import type { PictureFaces } from './picture-faces.ts';
import type { Uploads } from './uploads.ts';

export type NewTaskInput = z.output<typeof newTaskInputSchema>;

export interface TaskRequest {
  input: NewTaskInput;
  contentType?: ContentType | undefined;
  gpu: boolean;
  whenGpuAsleep?: WhenGpuAsleep | undefined;
  store: boolean;
  options: TaskOptions;
  metadata: TaskOptions;
  webhookUrl: string | null;
  priority: number;
  delaySeconds: number;
  batchId?: string | null | undefined;
  /** It must be known. */
  onlyWorker?: string | undefined;
}
export type TaskOptions = TaskSpec['options'];

/** Who sends a worker's call. */
export interface WorkerCaller {
  /** null for the worker that this program runs itself. */
  credentialId: string | null;
  /** It runs on this computer, as this user, and may read the files of tasks where they are. */
  local: boolean;
}

/** A task as a worker gets it. The transport adds the signed address of the input. */
export type GivenTask = Omit<WorkerTask, 'download'>;

/** The calls of workers: shared/contract/task-worker.ts. Rejects with QUEUE_UNREACHABLE, and NOT_FOUND before a hello. */
export interface TaskWorkers {
  hello(request: WorkerRequest<'hello'>, caller: WorkerCaller): Promise<WorkerAnswer<'hello'>>;
  claim(
    request: WorkerRequest<'claim'>,
    caller: WorkerCaller,
    signal: AbortSignal,
  ): Promise<{ tasks: GivenTask[]; drain: boolean }>;
  beat(request: WorkerRequest<'beat'>, caller: WorkerCaller): Promise<WorkerAnswer<'beat'>>;
  complete(
    request: WorkerRequest<'complete'>,
    caller: WorkerCaller,
  ): Promise<{ accepted: boolean; next: GivenTask | null; drain: boolean }>;
  fail(request: WorkerRequest<'fail'>, caller: WorkerCaller): Promise<WorkerAnswer<'fail'>>;
  release(request: WorkerRequest<'release'>, caller: WorkerCaller): Promise<WorkerAnswer<'release'>>;
  bye(request: WorkerRequest<'bye'>, caller: WorkerCaller): Promise<WorkerAnswer<'bye'>>;
  /** Finds faces at the signed addresses that workers get with their tasks. */
  readonly faces: Pick<PictureFaces, 'check' | 'find'>;
  list(): TaskWorker[];
  /** Whether it is a worker of this core, also one that only checks itself. */
  knows(workerId: string): boolean;
  /** Throws NOT_FOUND. */
  drain(workerId: string, on: boolean): void;
}

/** A file that a task works on, on this computer. */
export interface InputFile {
  absolute: string;
  name: string;
  sizeBytes: number;
}

export interface TasksService {
  readonly workers: TaskWorkers;
  readonly files: TaskFiles;
  /** What the panel plays and shows. */
  readonly media: Media;
  /**
   * Adds tasks, all or none. Rejects with NOT_FOUND (an upload or a file), FILE_OUTSIDE_FOLDER, WEBHOOK_PRIVATE,
   * QUEUE_UNREACHABLE, TASK_QUEUE_FULL, DISK_FULL.
   */
  add(requests: readonly TaskRequest[], credentialId: string | null): Promise<TaskView[]>;
  /** Keeps an upload until a task uses it. Rejects with UPLOAD_TOO_LARGE, CHECKSUM_MISMATCH, DISK_FULL. */
  upload(
    file: { name: string; content: AsyncIterable<Uint8Array>; sha256?: string | undefined },
    signal: AbortSignal,
  ): Promise<TaskFile>;
  /** The same in parts, over a link that carries calls. */
  readonly uploads: Pick<Uploads, 'take'>;
  /** Keeps a result that a worker sends as a file. Rejects as `upload`. */
  saveResult(
    file: { taskId: string; name: string; content: AsyncIterable<Uint8Array>; sha256?: string | undefined },
    signal: AbortSignal,
  ): Promise<TaskFile>;
  /** null for an address. Rejects with NOT_FOUND or FILE_OUTSIDE_FOLDER. */
  inputFile(input: TaskInput): Promise<InputFile | null>;
  /** null if there is none. */
  sharedFolder(): SharedFolder | null;
  list(query: TaskQuery): Promise<{ tasks: TaskView[]; total: number }>;
  /** Rejects with NOT_FOUND. */
  get(id: string): Promise<TaskDetails>;
  /** Resolves when it has ended. Rejects with NOT_FOUND, or the signal's reason. */
  waitForEnd(id: string, signal: AbortSignal): Promise<TaskDetails>;
  /** Each of these resolves with how many it changed. */
  cancel(ids: readonly string[]): Promise<number>;
  retry(ids: readonly string[]): Promise<number>;
  remove(ids: readonly string[]): Promise<number>;
  useCpu(ids: readonly string[]): Promise<number>;
  queues(): Promise<TaskQueueView[]>;
  /** Whether the engine of the queue can be used, and keeps what it is given. Empty if all is well. */
  warnings(): Promise<TaskQueueWarning[]>;
  depth(range: HistorySpan): TaskDepth[];
  ingested(query: { text?: string | undefined; offset: number; limit: number }): {
    texts: IngestedText[];
    total: number;
  };
  deleteIngested(taskIds: readonly string[]): Promise<number>;
  /** What is known of the file of an ingested text; null if nothing is. */
  ingestedText(name: string): StoredText | null;
  /** Deletes the files of ended tasks. Resolves with the bytes. */
  clearFiles(kind: TaskFile['kind']): Promise<number>;
  /** Deletes the tasks that ended before, with their files. Resolves with how many. */
  removeEnded(before: number): Promise<number>;
  /** What has been counted since the core was created, for metrics. */
  totals(): TaskTotals;
  start(): Promise<void>;
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface TaskTotals {
  /** By queue and end. */
  ended: readonly {
    queue: TaskQueueName;
    state: Extract<TaskState, 'completed' | 'failed' | 'cancelled'>;
    count: number;
  }[];
  added: Readonly<Record<TaskQueueName, number>>;
  lost: number;
  stored: number;
  webhooksFailed: number;
}
