// @ts-check
// The folder that is packaged: the build, and the few packages that have binaries of their own, for one system.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { minifySync } from 'rolldown/utils';
import { externalPackages } from '../entries.mjs';
import { SetUpError } from '../errors.mjs';
import { removeForeignBinaries } from '../foreign-binaries.mjs';

/** @typedef {{ platform: string, arch: string }} System */

/** Packages that are in no bundle, although a program loads them: all external ones except Electron itself. */
const loadedPackages = externalPackages.filter((name) => name !== 'electron');

/**
 * Lays out the program's files.
 * @param {{ root: string, folder: string, system: System, identity: import('./identity.mjs').Identity }} options
 * @returns {string[]} the names of the packages in it
 */
export function stageProgram({ root, folder, system, identity }) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (source) => !source.endsWith('.map') && !basename(source).startsWith('.'),
  });
  shrinkPrograms(join(folder, 'dist'));
  const manifest = readManifest(root);
  /** @type {Record<string, string>} */
  const dependencies = {};
  for (const name of loadedPackages) dependencies[name] = manifest.dependencies[name];
  const names = closure(root, loadedPackages);
  for (const name of names) copyPackage(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  removeForeignBinaries(join(folder, 'node_modules'), system);
  checkBinaries(join(folder, 'node_modules'), system);
  const { name, version, description, license, type, main } = manifest;
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      ...{ name, version, description, license, type, main, dependencies },
      desktopName: 'pilotlight.desktop',
      homepage: identity.homepage,
      author: identity.maintainer,
    }),
  );
  return names;
}

/** @param {string} root */
export function readManifest(root) {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
}

/**
 * Packages and what they need, as far as it is installed.
 * @param {string} root
 * @param {readonly string[]} first
 * @returns {string[]}
 */
function closure(root, first) {
  const found = new Set();
  const rest = [...first];
  while (rest.length > 0) {
    const name = rest.pop() ?? '';
    const file = join(root, 'node_modules', name, 'package.json');
    if (found.has(name) || !existsSync(file)) continue;
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    found.add(name);
    rest.push(...needed(manifest), ...Object.keys(manifest.optionalDependencies ?? {}));
  }
  return [...found].sort();
}

/**
 * The others that onnxruntime-node names are needed by its install script only, which never runs.
 * @param {{ name: string, dependencies?: Record<string, string> }} manifest
 */
function needed({ name, dependencies = {} }) {
  return name === 'onnxruntime-node' ? ['onnxruntime-common'] : Object.keys(dependencies);
}

/**
 * Without what no program loads: sources, types, scripts, documents, maps.
 * @param {string} from
 * @param {string} to
 */
function copyPackage(from, to) {
  const unused =
    /(\.d\.[cm]?ts|\.ts|\.map|\.md|\.flow|\.gyp|\.tsbuildinfo)$|[\\/](src|script|test|tests|install|docs)$|semver[\\/]bin$/;
  cpSync(from, to, {
    recursive: true,
    dereference: true,
    // The name of a folder counts from the package on: the repository may be in a folder `src`.
    filter: (source) =>
      /(licen[cs]e|notice|readme)[^\\/]*$/i.test(source) ||
      !unused.test(source.slice(from.length - basename(from).length)),
  });
  const file = join(to, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const kept = needed(manifest);
  const dependencies = Object.fromEntries(
    Object.entries(manifest.dependencies ?? {}).filter(([name]) => kept.includes(name)),
  );
  writeFileSync(file, JSON.stringify({ ...manifest, dependencies }));
}

/**
 * Programs are built for reading; a package has them without white space and comments, which is a third less. Classes keep
 * their names, which errors show. The comment that names a map goes with its map.
 * @param {string} folder
 */
export function shrinkPrograms(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.[cm]?js$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=[^\n]*\s*$/, '\n');
    // The panel and the agent are minified when they are built.
    const isMinified = /[\\/](renderer|agent)[\\/]/.test(file);
    const { code, errors } = isMinified ? { code: text, errors: [] } : minifySync(file, text, minifying);
    const [problem] = errors;
    if (problem !== undefined) throw new Error(`${entry.name}: ${problem.message}`);
    writeFileSync(file, code);
  }
}

/** @type {import('rolldown/utils').MinifyOptions} */
const minifying = {
  module: true,
  compress: true,
  mangle: { toplevel: true, keepNames: { class: true, function: false } },
  codegen: { removeWhitespace: true },
};

/**
 * @param {string} nodeModules
 * @param {System} system
 */
function checkBinaries(nodeModules, { platform, arch }) {
  const images = { linux: 'linux', win32: 'win32', darwin: 'darwin' }[platform] ?? platform;
  const present = [
    existsSync(join(nodeModules, '@img', `sharp-${images}-${arch}`)),
    readdirSync(join(nodeModules, 'onnxruntime-node', 'bin')).some((api) =>
      existsSync(
        join(nodeModules, 'onnxruntime-node', 'bin', api, platform, arch, 'onnxruntime_binding.node'),
      ),
    ),
  ];
  // ONNX Runtime has no build for Macs with Intel processors, and works without there.
  if (present[0] && (present[1] || (platform === 'darwin' && arch === 'x64'))) return;
  throw new SetUpError(
    'PACKAGE_BINARIES',
    `The native parts for ${platform} on ${arch} are not installed.`,
    'Package on a computer with this system and processor, after npm ci.',
  );
}
