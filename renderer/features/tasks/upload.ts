/** Sends a file in parts over the link that is open already. */
import type { Client } from '../../client/index.ts';

/** A part as base64 stays below the largest message of a link. */
const partBytes = 4 * 1024 * 1024;

/**
 * @param onProgress called with the bytes that have arrived
 * @returns the id of the file, for `tasks.add`
 */
export async function uploadFile(
  client: Client,
  file: Blob & { name: string },
  onProgress: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  let uploadId: string | null = null;
  let offset = 0;
  for (;;) {
    const part = file.slice(offset, offset + partBytes);
    const data = base64(new Uint8Array(await part.arrayBuffer()));
    signal.throwIfAborted();
    const last = offset + part.size >= file.size;
    const answer: { uploadId: string; receivedBytes: number; fileId: string | null } = await client.call(
      'tasks.upload',
      { uploadId, offset, data, last, ...(uploadId === null ? { name: file.name } : {}) },
      { signal },
    );
    uploadId = answer.uploadId;
    offset += part.size;
    onProgress(offset);
    if (answer.fileId !== null) return answer.fileId;
  }
}

function base64(bytes: Uint8Array): string {
  let text = '';
  // One call has a limited number of arguments.
  for (let from = 0; from < bytes.length; from += 32_768) {
    text += String.fromCharCode(...bytes.subarray(from, from + 32_768));
  }
  return btoa(text);
}
