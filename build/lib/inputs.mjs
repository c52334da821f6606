// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the build reads. Includes the lock file, because packages are bundled. */
export const buildInputs = [
  'electron',
  'renderer',
  'shared',
  'docs/troubleshooting.md',
  'CHANGELOG.md',
  'build/bundle.mjs',
  'build/icons/tray',
  'build/lib/bundle-node.mjs',
  'build/lib/entries.mjs',
  'build/lib/package/bundled.mjs',
  'vite.config.ts',
  'tsconfig.json',
  'package.json',
  'package-lock.json',
];

/**
 * @typedef {{ path: string, size: number, modified: number }} InputFile
 * @typedef {{ quick: string, content: string }} Fingerprint
 */

/**
 * Lists the files under the inputs, in a fixed order. A missing input is left out.
 * @param {string} root
 * @param {readonly string[]} [inputs]
 * @returns {InputFile[]}
 */
export function listInputs(root, inputs = buildInputs) {
  /** @type {InputFile[]} */
  const files = [];
  for (const input of inputs) {
    if (!existsSync(join(root, input))) continue;
    addFiles(root, input, files);
  }
  return files;
}

/**
 * @param {string} root
 * @param {string} path
 * @param {InputFile[]} files
 */
function addFiles(root, path, files) {
  const status = statSync(join(root, path));
  if (status.isFile()) {
    files.push({ path, size: status.size, modified: status.mtimeMs });
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) addFiles(root, `${path}/${name}`, files);
}

/**
 * A fingerprint of names, sizes and times: a few milliseconds for all files.
 * @param {readonly InputFile[]} files
 * @returns {string}
 */
export function quickFingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.path}\0${file.size}\0${file.modified}\n`);
  return hash.digest('hex');
}

/**
 * A fingerprint of the content, for when only the times changed (a fresh checkout of the same commit).
 * @param {string} root
 * @param {readonly InputFile[]} files
 * @returns {string}
 */
export function contentFingerprint(root, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(`${file.path}\0`);
    hash.update(
      createHash('sha256')
        .update(readFileSync(join(root, file.path)))
        .digest(),
    );
  }
  return hash.digest('hex');
}

/**
 * @param {string} root
 * @param {readonly string[]} [inputs]
 * @returns {Fingerprint}
 */
export function fingerprint(root, inputs = buildInputs) {
  const files = listInputs(root, inputs);
  return { quick: quickFingerprint(files), content: contentFingerprint(root, files) };
}

/**
 * Whether the build in `stampFile`'s folder was made from the present files.
 * @param {string} root
 * @param {string} stampFile
 * @param {readonly string[]} [inputs]
 * @returns {boolean}
 */
export function isBuilt(root, stampFile, inputs = buildInputs) {
  const stamp = readStamp(stampFile);
  if (stamp === undefined) return false;
  const files = listInputs(root, inputs);
  const quick = quickFingerprint(files);
  if (quick === stamp.quick) return true;
  if (contentFingerprint(root, files) !== stamp.content) return false;
  writeStamp(stampFile, { quick, content: stamp.content });
  return true;
}

/**
 * @param {string} stampFile
 * @param {Fingerprint} value
 */
export function writeStamp(stampFile, value) {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify(value));
}

/**
 * @param {string} stampFile
 * @returns {Fingerprint | undefined}
 */
function readStamp(stampFile) {
  try {
    const value = JSON.parse(readFileSync(stampFile, 'utf8'));
    return typeof value?.quick === 'string' && typeof value?.content === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
