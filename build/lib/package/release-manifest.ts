/** The manifest of a release: what its files are, by their names. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPublicKey, readSignedManifest } from '../../../electron/adapters/updates/signed-manifest.ts';
import { readChanges } from '../../../electron/core/updates/update-news.ts';
import {
  MANIFEST_NAME,
  SIGNATURE_NAME,
  type UpdateFile,
  type UpdateForm,
  type UpdateManifest,
  type UpdateProcessor,
  type UpdateSystem,
} from '../../../shared/models/update-manifest.ts';
import { channelOf } from '../../../shared/version.ts';
import { SetUpError } from '../errors.mjs';

const systems: Readonly<Record<string, UpdateSystem>> = { linux: 'linux', win: 'win32', mac: 'darwin' };
/** As AppImage, deb and rpm call them. */
const processors: Readonly<Record<string, UpdateProcessor>> = {
  ...{ x64: 'x64', x86_64: 'x64', amd64: 'x64' },
  ...{ arm64: 'arm64', aarch64: 'arm64' },
};
const extensions: Readonly<Record<string, UpdateForm>> = {
  ...{ AppImage: 'appimage', deb: 'deb', rpm: 'rpm', zip: 'zip', dmg: 'dmg' },
  ...{ 'setup.exe': 'nsis', 'portable.exe': 'portable' },
};
/** A file that looks like a program needs a known name; otherwise it would never be offered as an update. */
const programs = /\.(AppImage|deb|rpm|zip|dmg|exe)$|^pilotlight-agent/;

type What = Pick<UpdateFile, 'kind' | 'os' | 'arch' | 'form'>;

/** What a file of a release is; null for documents. Throws PACKAGE_MANIFEST for a program of another name. */
export function whatIs(name: string, version: string): What | null {
  if (!programs.test(name)) return null;
  const agent = /^pilotlight-agent-(linux|win32|darwin)-(x64|arm64)(?:\.exe)?$/.exec(name);
  if (agent !== null)
    return { kind: 'agent', os: agent[1] as UpdateSystem, arch: agent[2] as UpdateProcessor, form: 'file' };
  const start = `pilotlight-${version}-`;
  const [, os = '', arch = '', ending = ''] =
    /^(linux|win|mac)-([a-z0-9_]+)[.-](.+)$/.exec(name.startsWith(start) ? name.slice(start.length) : '') ??
    [];
  const found = { os: systems[os], arch: processors[arch], form: extensions[ending] };
  if (found.os === undefined || found.arch === undefined || found.form === undefined)
    throw problem(`${name} is not a file of version ${version}.`, 'Remove it, or build the release again.');
  return { kind: 'app', os: found.os, arch: found.arch, form: found.form };
}

export interface ReleaseFacts {
  version: string;
  changes: string;
  files: readonly UpdateFile[];
  rollout: number;
  minimumVersion: string;
  now: Date;
}

/** Throws PACKAGE_MANIFEST if no installation could use the manifest. */
export function makeManifest({
  version,
  changes,
  files,
  rollout,
  minimumVersion,
  now,
}: ReleaseFacts): UpdateManifest {
  const notes = readChanges(changes).find((section) => section.version === version)?.notes ?? '';
  if (notes === '')
    throw problem(`CHANGELOG.md says nothing about ${version}.`, `Add a section "## ${version}" to it.`);
  if (files.length === 0) throw problem('There is no program to release.', 'Build the packages first.');
  return {
    format: 'pilotlight-updates',
    formatVersion: 1,
    ...{ version, channel: channelOf(version), date: `${now.toISOString().slice(0, 19)}Z` },
    ...{ minimumVersion, rollout, notes },
    files: [...files].sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
}

export function filesOf(folder: string, version: string): UpdateFile[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const what = statSync(path).isFile() ? whatIs(name, version) : null;
    if (what === null) return [];
    const content = readFileSync(path);
    const sha512 = createHash('sha512').update(content).digest('base64');
    return { name, size: content.length, sha512, ...what };
  });
}

/** The private key, from the base64 of its PKCS #8 form. Throws PACKAGE_MANIFEST. */
export function readPrivateKey(text: string): KeyObject {
  try {
    const key = createPrivateKey({ key: Buffer.from(text.trim(), 'base64'), format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Below, without a word of what it was.
  }
  throw problem(
    'PILOTLIGHT_UPDATE_KEY is not a key.',
    'Make one with node build/release-manifest.mjs --new-key.',
  );
}

export const publicKeyOf = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');

export function makeKeyPair(): { publicKey: string; privateKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: publicKeyOf(privateKey),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}

/**
 * Writes the manifest and its signature beside the files. The key must be one that this version knows, or no program
 * would accept the release; programs read both as they will later.
 */
export function writeSigned(
  folder: string,
  manifest: UpdateManifest,
  key: KeyObject,
  keys: readonly string[],
): void {
  if (!keys.every((known) => readPublicKey(known) !== null))
    throw problem('A key of updates.keys in package.json is none.', 'Correct it.');
  if (!keys.includes(publicKeyOf(key)))
    throw problem(
      'PILOTLIGHT_UPDATE_KEY is not one of updates.keys in package.json.',
      `Add ${publicKeyOf(key)} there in the release before, or use the key that belongs to it.`,
    );
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const signature = sign(null, bytes, key).toString('base64');
  const reading = readSignedManifest({ bytes, signature, keys });
  if (!reading.ok)
    throw problem(`Programs would refuse this manifest: ${reading.problem}.`, 'Correct the release.');
  writeFileSync(join(folder, MANIFEST_NAME), bytes);
  writeFileSync(join(folder, SIGNATURE_NAME), `${signature}\n`);
}

export const problem = (message: string, next: string) => new SetUpError('PACKAGE_MANIFEST', message, next);
