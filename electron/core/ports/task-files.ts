/** Files of tasks: uploads, results, and ingested texts, in the data folder. */

export type TaskFileKind = 'upload' | 'result';

export interface TaskFile {
  id: string;
  kind: TaskFileKind;
  /** As the sender named it, without folders, NUL and control characters, at most 200 characters. */
  name: string;
  sizeBytes: number;
  /** Hexadecimal. */
  sha256: string;
  createdAt: number;
  /** The task that uses or made it; null for an upload that no task uses yet. */
  taskId: string | null;
}

export interface TaskFiles {
  /**
   * Streams to disk; the file exists only when all of it has arrived. One with a task is durable when it resolves;
   * an upload is so when it is attached to one. Rejects with UPLOAD_TOO_LARGE, DISK_FULL,
   * CHECKSUM_MISMATCH or the signal's reason, and leaves nothing behind.
   * @param expect.sha256 hexadecimal, if the sender gave it
   */
  save(
    file: {
      kind: TaskFileKind;
      name: string;
      content: AsyncIterable<Uint8Array>;
      taskId?: string | null | undefined;
    },
    expect: { sha256?: string | undefined; mostBytes: number },
    signal: AbortSignal,
  ): Promise<TaskFile>;
  /**
   * It belongs to this task from the call on, or to none; durable when it resolves. Rejects with NOT_FOUND, DISK_FULL.
   */
  attach(id: string, taskId: string | null): Promise<void>;
  get(id: string): TaskFile | null;
  /** Absolute path, for a worker of this computer. Throws NOT_FOUND. */
  path(id: string): string;
  /** From a byte on. Rejects with NOT_FOUND. */
  read(id: string, from?: number): Promise<AsyncIterable<Uint8Array>>;
  /** The whole as text (UTF-8), at most this many bytes. */
  text(id: string, mostBytes: number): Promise<string>;
  remove(ids: readonly string[]): Promise<void>;
  /** All, oldest first. */
  list(): Promise<TaskFile[]>;
}

/** The folder that this computer and workers share. */
export interface SharedFolder {
  /**
   * A file in it. Rejects with FILE_OUTSIDE_FOLDER for `..`, links that lead out, and absolute paths elsewhere; NOT_FOUND.
   * @returns relative to it, with `/`
   */
  resolve(path: string): Promise<{ path: string; absolute: string; sizeBytes: number }>;
  /** Puts a file with a random text into the folder, if there is none, and resolves with the text. */
  mark(): Promise<string>;
}

/** @param path as in the settings */
export type OpenSharedFolder = (path: string) => SharedFolder;

/** Ingested texts: one file each, named by its task, so that storing one twice changes nothing. */
export interface IngestedFiles {
  /** The folder that is indexed. */
  readonly folder: string;
  /** Name of the file of a task. */
  nameOf(taskId: string): string;
  /** null if the name does not say it. */
  taskOf(name: string): string | null;
  /** Durable when it resolves. `text` may come from a file of a task. */
  write(taskId: string, title: string, text: string): Promise<{ sizeBytes: number }>;
  remove(taskIds: readonly string[]): Promise<void>;
  /** Ids of the tasks whose texts are there. */
  list(): Promise<{ taskId: string; sizeBytes: number; at: number }[]>;
}
