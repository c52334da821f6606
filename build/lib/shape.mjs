// @ts-check
// The shape of the code base: files short enough to read in one sitting, and unique names.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { checkedFolders } from './layers.mjs';

/** Maximum number of lines in a product file. */
export const maxLines = 350;

/** Names that every domain of core may use. */
const namesOfEach = new Set(['index.ts', 'methods.ts', 'model.ts', 'service.ts']);

/**
 * @param {string} root the folder that holds shared/, electron/ and renderer/
 * @returns {string[]} what is wrong
 */
export function checkShape(root) {
  const files = checkedFolders.flatMap((folder) => filesIn(root, folder));
  return [
    ...longFiles(root, files),
    ...repeatedNames(files.filter((file) => file.startsWith('electron/core/'))),
  ];
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {string[]} paths relative to `root`, with `/`
 */
function filesIn(root, folder) {
  try {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return [];
    throw error;
  }
}

/**
 * @param {string} root
 * @param {readonly string[]} files
 * @returns {string[]}
 */
function longFiles(root, files) {
  return files.flatMap((file) => {
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length - 1;
    return lines > maxLines ? [`${file} has ${lines} lines, more than ${maxLines}.`] : [];
  });
}

/**
 * @param {readonly string[]} files
 * @returns {string[]}
 */
function repeatedNames(files) {
  /** @type {Map<string, string[]>} */
  const byName = new Map();
  for (const file of files) {
    const name = basename(file);
    if (!namesOfEach.has(name)) byName.set(name, [...(byName.get(name) ?? []), file]);
  }
  return [...byName.values()].flatMap((same) =>
    same.length > 1 ? [`Several files of core have the same name: ${same.join(', ')}.`] : [],
  );
}
