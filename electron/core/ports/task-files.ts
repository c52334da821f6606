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
}

export interface TaskFiles {
  /**
   * Streams to disk; the file exists only when all of it has arrived. Rejects with FILE_TOO_LARGE, DISK_FULL,
   * CHECKSUM_MISMATCH or the signal's reason, and leaves nothing behind.
   * @param expect.sha256 hexadecimal, if the sender gave it
   */
  save(
    file: { kind: TaskFileKind; name: string; content: AsyncIterable<Uint8Array> },
    expect: { sha256?: string | undefined; mostBytes: number },
    signal: AbortSignal,
  ): Promise<TaskFile>;
  get(id: string): TaskFile | null;
  /** Absolute path, for a worker of this computer. Rejects with NOT_FOUND. */
  path(id: string): string;
  /** From a byte on. Rejects with NOT_FOUND. */
  read(id: string, from?: number): Promise<AsyncIterable<Uint8Array>>;
  /** The whole as text (UTF-8), at most this many bytes. */
  text(id: string, mostBytes: number): Promise<string>;
  remove(ids: readonly string[]): Promise<void>;
  /** All, oldest first. */
  list(): TaskFile[];
}

/** The folder that this computer and workers share; null if there is none. */
export interface SharedFolder {
  /**
   * A file in it. Rejects with FILE_OUTSIDE_FOLDER for `..`, links that lead out, and absolute paths elsewhere; NOT_FOUND.
   * @returns relative to it, with `/`
   */
  resolve(path: string): Promise<{ path: string; absolute: string; sizeBytes: number }>;
}

/** Ingested texts: one file each, named by its task, so that storing one twice changes nothing. */
export interface IngestedFiles {
  /** The folder that is indexed. */
  readonly folder: string;
  /** Durable when it resolves. `text` may come from a file of a task. */
  write(taskId: string, title: string, text: string): Promise<{ path: string; sizeBytes: number }>;
  remove(taskIds: readonly string[]): Promise<void>;
}
