import { readdirSync } from 'node:fs';

/** Names of the graphs right in a folder; none for a folder that cannot be read. */
export function onnxFilesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.toLowerCase().endsWith('.onnx'));
  } catch {
    return [];
  }
}
