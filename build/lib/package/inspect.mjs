// @ts-check
// What has to be true of every unpacked program, whichever system it is for.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import configuration, { budgets } from '../../electron-builder.mjs';
import { wrongFuses } from './fuses.mjs';

/**
 * @typedef {object} ArchiveEntry
 * @property {string} path with slashes
 * @property {number} size
 * @property {boolean} unpacked
 */

/**
 * @param {string} folder
 * @param {{ platform: string, arch: string }} system
 * @returns {string[]} problems, one sentence each; none if everything is right
 */
export function inspectProgram(folder, system) {
  const problems = [];
  const { binary, resources } = partsOf(folder, system.platform);
  const wrong = wrongFuses(readFileSync(binary), configuration.electronFuses);
  if (wrong.length > 0) problems.push(`These fuses are not set as they have to be: ${wrong.join(', ')}.`);

  const archive = join(resources, 'app.asar');
  const unpacked = join(resources, 'app.asar.unpacked');
  const entries = readArchive(archive);
  const archiveBytes = statSync(archive).size;
  if (archiveBytes > budgets.archive) problems.push(`app.asar has ${archiveBytes} bytes.`);
  const programBytes = archiveBytes + sizeBelow(unpacked);
  if (programBytes > budgets.programWithoutElectron)
    problems.push(`The program has ${programBytes} bytes without Electron.`);

  for (const { path } of entries) {
    if (path.endsWith('.map')) problems.push(`A source map: ${path}.`);
    if (/(^|\/)(tests?|__tests__)\//.test(path)) problems.push(`A test: ${path}.`);
    if (isForeign(path, system)) problems.push(`For another system: ${path}.`);
  }
  for (const path of filesBelow(unpacked)) {
    const kind = machineOf(join(unpacked, path));
    if (kind !== undefined && kind !== `${system.platform}-${system.arch}`)
      problems.push(`For ${kind}: ${path}.`);
    if (isForeign(path, system)) problems.push(`For another system: ${path}.`);
  }
  for (const name of ['THIRD-PARTY-NOTICES.txt', 'LICENSE.txt']) {
    const place = system.platform === 'darwin' ? join(resources, '..', name) : join(folder, name);
    if (!existsSync(place)) problems.push(`${name} is missing.`);
  }
  return problems;
}

/**
 * @param {string} folder
 * @param {string} platform
 */
export function partsOf(folder, platform) {
  if (platform !== 'darwin') {
    const program = platform === 'win32' ? 'Pilotlight.exe' : 'pilotlight';
    return { binary: join(folder, program), resources: join(folder, 'resources') };
  }
  const contents = join(folder, 'Pilotlight.app', 'Contents');
  // The fuses are in the framework, which the small program loads.
  const framework = join(contents, 'Frameworks', 'Electron Framework.framework', 'Electron Framework');
  return { binary: framework, resources: join(contents, 'Resources') };
}

/**
 * The list of files of an asar archive: four numbers, then JSON.
 * @param {string} file
 * @returns {ArchiveEntry[]}
 */
export function readArchive(file) {
  const content = readFileSync(file);
  const { header } = headerOf(content);
  /** @type {ArchiveEntry[]} */
  const entries = [];
  const visit = (/** @type {any} */ node, /** @type {string} */ path) => {
    if (node.files === undefined)
      entries.push({ path, size: node.size ?? 0, unpacked: node.unpacked === true });
    else
      for (const [name, child] of Object.entries(node.files))
        visit(child, path === '' ? name : `${path}/${name}`);
  };
  visit(header, '');
  return entries;
}

/**
 * The files inside an asar archive that are not beside it.
 * @param {string} file
 * @returns {Map<string, Buffer>}
 */
export function archiveFiles(file) {
  const content = readFileSync(file);
  const { header, start } = headerOf(content);
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  const visit = (/** @type {any} */ node, /** @type {string} */ path) => {
    if (node.files !== undefined)
      for (const [name, child] of Object.entries(node.files))
        visit(child, path === '' ? name : `${path}/${name}`);
    else if (node.unpacked !== true && node.link === undefined) {
      const from = start + Number(node.offset);
      files.set(path, content.subarray(from, from + node.size));
    }
  };
  visit(header, '');
  return files;
}

/** @param {Buffer} content */
function headerOf(content) {
  const length = content.readUInt32LE(12);
  return {
    header: JSON.parse(content.toString('utf8', 16, 16 + length)),
    start: 8 + content.readUInt32LE(4),
  };
}

/**
 * Whether the name of a file says that it is for another system than this.
 * @param {string} path
 * @param {{ platform: string, arch: string }} system
 */
function isForeign(path, { platform, arch }) {
  const named =
    /(?:^|[/-])(linux(?:musl)?|win32|darwin)[/-](x64|arm64|arm|ia32|s390x|riscv64|ppc64)(?:\/|$)/.exec(path);
  if (named !== null) return named[1] !== platform || named[2] !== arch;
  const library = { '.dll': 'win32', '.exe': 'win32', '.dylib': 'darwin' }[path.slice(path.lastIndexOf('.'))];
  return library !== undefined && library !== platform;
}

/**
 * What a native file is for, by its first bytes.
 * @param {string} file
 * @returns {string | undefined} undefined for a file that is not native
 */
export function machineOf(file) {
  const content = readFileSync(file);
  if (content.length < 64) return undefined;
  if (content.readUInt32BE(0) === 0x7f454c46)
    return `linux-${{ 62: 'x64', 183: 'arm64' }[content.readUInt16LE(18)]}`;
  if (content.readUInt32LE(0) === 0xfeedfacf)
    return `darwin-${{ 16777223: 'x64', 16777228: 'arm64' }[content.readUInt32LE(4)]}`;
  if (content.toString('latin1', 0, 2) !== 'MZ') return undefined;
  const header = content.readUInt32LE(60);
  if (content.toString('latin1', header, header + 2) !== 'PE') return undefined;
  return `win32-${{ 34404: 'x64', 43620: 'arm64' }[content.readUInt16LE(header + 4)]}`;
}

/** @param {string} folder */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}

/** @param {string} folder */
export function sizeBelow(folder) {
  return filesBelow(folder).reduce((bytes, path) => bytes + statSync(join(folder, path)).size, 0);
}
