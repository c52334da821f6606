/** The folder of updates: the programs that panels sent, each with the release that vouches for it, and the record. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../../../shared/json.ts';
import type { UpdateFile, UpdateManifest } from '../../../shared/models/update-manifest.ts';
import { fileFor } from '../../../shared/update-decision.ts';
import { type ManifestReading, readSignedManifest } from '../../adapters/updates/signed-manifest.ts';
import { AgentError } from '../errors.ts';
import { writePrivate } from '../files.ts';
import { namesIn, noUpdates, type SentProgram, type UpdateRecord, updateRecordSchema } from './record.ts';

const RECORD = 'record.json';
const RELEASE = '.release.json';
const BLOCK_BYTES = 1024 * 1024;

export interface UpdateSystemFacts {
  os: string;
  arch: string;
}

export interface UpdateStoreOptions extends UpdateSystemFacts {
  /** Of updates, in the folder of the agent. */
  folder: string;
  keys: readonly string[];
}

export type UpdateStore = ReturnType<typeof openUpdateStore>;

export function openUpdateStore({ folder, keys, os, arch }: UpdateStoreOptions) {
  const pathOf = ({ name }: Pick<SentProgram, 'name'>) => join(folder, name);

  /** Throws AGENT_UPDATE_NOT_SIGNED, AGENT_UPDATE_UNREADABLE. */
  function readRelease(manifest: string, signature: string): UpdateManifest {
    const read: ManifestReading = readSignedManifest({
      bytes: Buffer.from(manifest, 'utf8'),
      signature,
      keys,
    });
    if (read.ok) return read.manifest;
    throw new AgentError(
      read.problem === 'wrong-signature' ? 'AGENT_UPDATE_NOT_SIGNED' : 'AGENT_UPDATE_UNREADABLE',
    );
  }

  const fileOf = (manifest: UpdateManifest): UpdateFile | null =>
    fileFor(manifest, { kind: 'agent', os, arch, form: 'file' });

  function isIntact(program: SentProgram): boolean {
    try {
      const { manifest, signature } = Object(parseJson(readFileSync(pathOf(program) + RELEASE, 'utf8')));
      const release = readRelease(String(manifest), String(signature));
      const file = fileOf(release);
      return (
        file !== null && release.version === program.version && digestOf(pathOf(program)) === file.sha512
      );
    } catch {
      return false;
    }
  }

  return {
    folder,
    pathOf,
    readRelease,
    fileOf,
    isIntact,
    create(): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    },
    /** What cannot be read counts as no updates: the installed program then runs. */
    read(): UpdateRecord {
      try {
        const parsed = updateRecordSchema.safeParse(parseJson(readFileSync(join(folder, RECORD), 'utf8')));
        return parsed.success ? parsed.data : noUpdates;
      } catch {
        return noUpdates;
      }
    },
    /** Throws DISK_TROUBLE. */
    save(record: UpdateRecord): void {
      writePrivate(join(folder, RECORD), JSON.stringify(record));
    },
    /** Throws DISK_TROUBLE. */
    vouch(program: SentProgram, release: { manifest: string; signature: string }): void {
      writePrivate(pathOf(program) + RELEASE, JSON.stringify(release));
    },
    /** Deletes everything that the record doesn't name. */
    sweep(record: UpdateRecord): void {
      if (!existsSync(folder)) return;
      const names = namesIn(record);
      for (const name of readdirSync(folder)) {
        if (name === RECORD || names.has(name.replace(RELEASE, ''))) continue;
        rmSync(join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

/** SHA-512 of a file in base64, read in blocks: it is larger than the agent may grow. */
export function digestOf(path: string): string {
  const hash = createHash('sha512');
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const handle = openSync(path, 'r');
  try {
    for (;;) {
      const read = readSync(handle, block, 0, block.length, null);
      if (read === 0) return hash.digest('base64');
      hash.update(block.subarray(0, read));
    }
  } finally {
    closeSync(handle);
  }
}
