/**
 * Releases with agents as files: in the folders beside the program and in the data folder. Each has `manifest.json`, its
 * signature, and the files of the systems that it serves.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PilotlightError } from '../../../shared/contract/errors.ts';
import {
  MANIFEST_NAME,
  MOST_MANIFEST_BYTES,
  SIGNATURE_NAME,
  type UpdateFile,
} from '../../../shared/models/update-manifest.ts';
import { compareVersions } from '../../../shared/version.ts';
import type { AgentRelease, AgentReleases } from '../../core/ports/agent-releases.ts';
import type { Log } from '../../core/ports/log.ts';
import { readSignedManifest } from './signed-manifest.ts';

export interface AgentReleasesOptions {
  /** The newest release of all is used. */
  folders: readonly string[];
  keys: readonly string[];
  log: Pick<Log, 'warn'>;
}

/** One whole release: a manifest of one folder never vouches for the files of another. */
interface Found {
  folder: string;
  release: AgentRelease;
}

export function createAgentReleases({ folders, keys, log }: AgentReleasesOptions): AgentReleases {
  let found: Found | null = null;
  /** Files whose content was compared with the manifest, with their size and time then, and their SHA-256. */
  const verified = new Map<string, { state: string; sha256: string }>();

  /** Its SHA-256 in hexadecimal; null if it is not the signed file. */
  async function verify(path: string, file: UpdateFile, signal: AbortSignal): Promise<string | null> {
    const status = await stat(path).catch(() => null);
    if (status === null || !status.isFile() || status.size !== file.size) return null;
    const state = `${file.sha512} ${status.size} ${status.mtimeMs} ${status.ino}`;
    const known = verified.get(path);
    if (known?.state === state) return known.sha256;
    const hash = createHash('sha512');
    const published = createHash('sha256');
    for await (const chunk of createReadStream(path, { signal })) {
      hash.update(chunk as Buffer);
      published.update(chunk as Buffer);
    }
    if (hash.digest('base64') !== file.sha512) return null;
    const sha256 = published.digest('hex');
    verified.set(path, { state, sha256 });
    return sha256;
  }

  async function locate(file: UpdateFile, signal: AbortSignal): Promise<{ path: string; sha256: string }> {
    const path = found === null ? null : join(found.folder, file.name);
    const sha256 = path === null ? null : await verify(path, file, signal);
    if (path === null || sha256 === null) throw new PilotlightError('AGENT_RELEASE_GONE');
    return { path, sha256 };
  }

  async function readFolder(folder: string, signal: AbortSignal): Promise<Found | null> {
    const texts = await Promise.all(
      [MANIFEST_NAME, SIGNATURE_NAME].map((name) => readSmall(join(folder, name))),
    );
    const [bytes, signature] = texts;
    if (!bytes || !signature) return null;
    const read = readSignedManifest({ bytes, signature: signature.toString('utf8'), keys });
    if (!read.ok) {
      log.warn('A release with agents is not used.', { folder, problem: read.problem });
      return null;
    }
    const { version, files } = read.manifest;
    const here: UpdateFile[] = [];
    for (const file of files) {
      if (file.kind === 'agent' && (await verify(join(folder, file.name), file, signal)) !== null)
        here.push(file);
    }
    signal.throwIfAborted();
    const release = {
      version,
      files: here,
      manifest: bytes.toString('utf8'),
      signature: signature.toString('utf8').trim(),
    };
    return here.length === 0 ? null : { folder, release };
  }

  return {
    async read(signal) {
      const all = await Promise.all(folders.map((folder) => readFolder(folder, signal)));
      const usable = all.filter((one) => one !== null);
      usable.sort((one, other) => compareVersions(other.release.version, one.release.version));
      found = usable[0] ?? null;
      return found?.release ?? null;
    },

    local: locate,

    async part(file, from, bytes, signal) {
      const { path } = await locate(file, signal);
      const handle = await open(path, constants.O_RDONLY).catch(() => {
        throw new PilotlightError('AGENT_RELEASE_GONE');
      });
      try {
        const buffer = Buffer.allocUnsafe(Math.min(bytes, Math.max(0, file.size - from)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}

async function readSmall(path: string): Promise<Buffer | null> {
  const status = await stat(path).catch(() => null);
  return status === null || status.size > MOST_MANIFEST_BYTES ? null : readFile(path).catch(() => null);
}
