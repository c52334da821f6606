/** Files of tasks and ingested texts in memory. */
import { createHash } from 'node:crypto';
import type { IngestedFiles, TaskFile, TaskFiles } from '../../electron/core/ports/task-files.ts';
import type { Clock, Ids } from '../../electron/core/ports/time.ts';
import { PilotlightError } from '../../shared/contract/errors.ts';

export interface MemoryTaskFiles extends TaskFiles {
  failing: PilotlightError | null;
}

export function createMemoryTaskFiles({
  clock,
  ids,
}: {
  clock: Pick<Clock, 'now'>;
  ids: Ids;
}): MemoryTaskFiles {
  const files = new Map<string, { facts: TaskFile; bytes: Buffer }>();
  const present = (id: string) => {
    const file = files.get(id);
    if (file === undefined) throw new PilotlightError('NOT_FOUND');
    return file;
  };
  return {
    failing: null,
    async save({ kind, name, content, taskId = null }, { sha256, mostBytes }) {
      if (this.failing !== null) throw this.failing;
      const parts: Uint8Array[] = [];
      for await (const part of content) parts.push(part);
      const bytes = Buffer.concat(parts);
      if (bytes.length > mostBytes) throw new PilotlightError('UPLOAD_TOO_LARGE');
      const digest = createHash('sha256').update(bytes).digest('hex');
      if (sha256 !== undefined && sha256 !== digest) throw new PilotlightError('CHECKSUM_MISMATCH');
      const facts = { id: ids.next('file'), kind, name, sizeBytes: bytes.length, sha256: digest, taskId };
      files.set(facts.id, { facts: { ...facts, createdAt: clock.now() }, bytes });
      return present(facts.id).facts;
    },
    async attach(id, taskId) {
      const file = present(id);
      file.facts = { ...file.facts, taskId };
    },
    get: (id) => files.get(id)?.facts ?? null,
    path: (id) => `/data/tasks/${present(id).facts.id}`,
    async read(id, from = 0) {
      const { bytes } = present(id);
      return (async function* () {
        yield bytes.subarray(from);
      })();
    },
    text: async (id, mostBytes) => present(id).bytes.subarray(0, mostBytes).toString('utf8'),
    async remove(fileIds) {
      for (const id of fileIds) files.delete(id);
    },
    list: async () =>
      [...files.values()].map(({ facts }) => facts).sort((one, other) => one.createdAt - other.createdAt),
  };
}

export interface MemoryIngestedFiles extends IngestedFiles {
  readonly texts: Map<string, string>;
  failing: PilotlightError | null;
}

export function createMemoryIngestedFiles(): MemoryIngestedFiles {
  const texts = new Map<string, string>();
  return {
    texts,
    failing: null,
    folder: '/data/ingested',
    nameOf: (taskId) => `${taskId}.md`,
    taskOf: (name) => name.replace(/\.md$/, ''),
    async write(taskId, title, text) {
      if (this.failing !== null) throw this.failing;
      const written = `# ${title}\n\n${text}`;
      texts.set(taskId, written);
      return { sizeBytes: Buffer.byteLength(written) };
    },
    async remove(taskIds) {
      for (const id of taskIds) texts.delete(id);
    },
    list: async () =>
      [...texts].map(([taskId, text]) => ({ taskId, sizeBytes: Buffer.byteLength(text), at: 0 })),
  };
}
