// @ts-check
// Which software of others is in a package: what the bundles contain, and every dependency that is installed with it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetUpError } from '../errors.mjs';
import { bundledPackagesFile } from './bundled.mjs';

/**
 * @typedef {object} Component
 * @property {string} name
 * @property {string} version
 * @property {string} licence SPDX, as its package.json says; empty if that doesn't
 * @property {string} author empty if unknown
 * @property {string} homepage empty if unknown
 * @property {string} integrity of its archive, as npm writes it; empty if unknown
 * @property {{ file: string, text: string }[]} texts its licence and notice files
 */

/**
 * @param {string} root the repository's folder
 * @returns {Component[]} sorted by name and version
 */
export function readComponents(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const bundled = JSON.parse(readFileSync(join(root, 'dist', bundledPackagesFile), 'utf8'));
  const folders = new Set([...bundled, ...productionFolders(lock)]);
  /** @type {Map<string, Component>} */
  const components = new Map();
  for (const folder of folders) {
    const component = readComponent(root, folder, lock.packages[folder]?.integrity ?? '');
    // Packages for other systems are not installed.
    if (component === undefined) continue;
    components.set(`${component.name}@${component.version}`, component);
  }
  return [...components.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/**
 * @param {{ packages: Record<string, { dev?: boolean, devOptional?: boolean }> }} lock
 * @returns {string[]} the folders of every production dependency, those for other systems included
 */
export function productionFolders(lock) {
  return Object.entries(lock.packages)
    .filter(([folder, { dev }]) => folder !== '' && dev !== true)
    .map(([folder]) => folder);
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string} integrity
 * @returns {Component | undefined}
 */
function readComponent(root, folder, integrity) {
  const path = join(root, folder);
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
  const texts = readdirSync(path)
    .filter(
      (name) => /^(licen[cs]e|copying|notice|thirdpartynotices)/i.test(name) || listsLicences(folder, name),
    )
    .sort()
    .flatMap((file) => {
      const text = readText(join(path, file));
      return text === undefined ? [] : [{ file, text }];
    });
  return {
    name: String(manifest.name),
    version: String(manifest.version),
    licence: licenceOf(manifest),
    author: personOf(manifest.author),
    homepage: typeof manifest.homepage === 'string' ? manifest.homepage : repositoryOf(manifest.repository),
    integrity,
    texts,
  };
}

/**
 * libvips names the licences of the libraries in it only there.
 * @param {string} folder
 * @param {string} file
 */
function listsLicences(folder, file) {
  return folder.includes('@img/sharp-libvips-') && file === 'README.md';
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8').replaceAll('\r\n', '\n').trim();
  } catch {
    return undefined;
  }
}

/** @param {any} manifest */
function licenceOf({ license, licenses }) {
  if (typeof license === 'string') return license;
  if (typeof license?.type === 'string') return license.type;
  if (!Array.isArray(licenses)) return '';
  return licenses
    .map((entry) => entry?.type ?? entry)
    .filter((type) => typeof type === 'string')
    .join(' OR ');
}

/** @param {any} person */
function personOf(person) {
  const text = typeof person === 'string' ? person : (person?.name ?? '');
  return text.replace(/\s*[<(].*$/, '').trim();
}

/** @param {any} repository */
function repositoryOf(repository) {
  const text = typeof repository === 'string' ? repository : (repository?.url ?? '');
  return text.replace(/^git\+/, '').replace(/\.git$/, '');
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/**
 * The licence text of a component that has no file for it, from the list of SPDX.
 * @param {Component} component
 * @param {Readonly<Record<string, { licenseText: string }>>} licences
 * @returns {string}
 * @throws {SetUpError} `PACKAGE_LICENCE`
 */
export function standardText(component, licences) {
  // Of a choice, the first is taken. `A AND B` needs both.
  const choice = component.licence.replace(/[()]/g, '').split(/\s+OR\s+/)[0] ?? '';
  const texts = choice.split(/\s+AND\s+/).map((id) => licences[id.replace(/\+$/, '-or-later')]?.licenseText);
  if (component.licence === '' || texts.some((text) => text === undefined)) {
    throw new SetUpError(
      'PACKAGE_LICENCE',
      `${component.name} ${component.version} has no licence file, and "${component.licence}" is not a known licence.`,
      'Find out whether it may be distributed, and add its licence to build/lib/package/notices.mjs.',
    );
  }
  const by = component.author === '' ? '' : `Copyright by ${component.author}.\n\n`;
  return by + texts.join('\n\n').trim();
}
