// @ts-check
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the binaries of onnxruntime that are for other systems: its package has those of all, 244 MB, of which one
 * system uses about 45.
 * @param {string} nodeModules
 * @param {{ platform: string, arch: string }} [system]
 * @returns {string[]} the folders that were removed
 */
export function removeForeignBinaries(nodeModules, { platform, arch } = process) {
  const removed = [];
  const bin = join(nodeModules, 'onnxruntime-node', 'bin');
  for (const api of namesIn(bin)) {
    const systems = join(bin, api);
    for (const name of namesIn(systems)) {
      const foreign =
        name === platform
          ? namesIn(join(systems, name))
              .filter((processor) => processor !== arch)
              .map((processor) => join(systems, name, processor))
          : [join(systems, name)];
      for (const folder of foreign) {
        rmSync(folder, { recursive: true, force: true });
        removed.push(folder);
      }
    }
  }
  return removed;
}

/**
 * @param {string} folder
 * @returns {string[]} none for a folder that does not exist
 */
function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
