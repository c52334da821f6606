/** The Secrets port on one file of sealed values, independent of the sealing method. */

import { basename, join } from 'node:path';
import * as z from 'zod';
import type { Notice } from '../../../shared/contract/streams.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import type { SecretsProtection } from '../../../shared/models/secrets.ts';
import type { Secrets } from '../../core/ports/state.ts';
import { type WriteFile, withCodedUnsafe, writePrivateFile } from '../private-file.ts';
import { readContent, trySetAside } from '../set-aside.ts';

/** Seals single values. A value's name is sealed with it, so that no value can pass for another. */
export interface Seal {
  /** Written beside each value, so that the same seal opens it again. */
  readonly kind: SecretsProtection['kind'];
  /** True if a value that cannot be opened is lost for good; false if its key may only be locked. */
  readonly failsForGood: boolean;
  /** Where its damaged key was moved, or null. Called once, when the secrets are opened. */
  check?(): string | null;
  /** Throws if it cannot. */
  close(name: string, value: string): string;
  /** null if it cannot be opened. */
  open(name: string, sealed: string): string | null;
}

export interface OpenedSecrets {
  secrets: Secrets;
  /** What was lost, or cannot be read now. */
  notices: Notice[];
}

export type OpenSecrets = (folder: string) => OpenedSecrets;

export interface SecretsFileOptions {
  folder: string;
  /** The first one seals; each opens what it sealed. */
  seals: readonly [Seal, ...Seal[]];
  /** How the secrets are protected. */
  message: Message;
  write?: WriteFile;
}

const sealedSchema = z.object({ by: z.string(), sealed: z.string() });
const fileSchema = z.object({ version: z.literal(1), secrets: z.record(z.string(), z.unknown()) });

interface Kept extends z.infer<typeof sealedSchema> {
  /** null if it cannot be opened here: it stays in the file unchanged. */
  value: string | null;
}

/**
 * Opens `secrets.json`. An unreadable file, or a value that no key opens any more, is set aside and reported in a
 * notice; opening never fails. `change` throws DISK_FULL or DATA_FOLDER_UNUSABLE and then has changed nothing.
 */
export function openSecretsFile(options: SecretsFileOptions): OpenedSecrets {
  const { folder, seals, message, write = writePrivateFile } = options;
  const [first] = seals;
  const path = join(folder, 'secrets.json');
  const notices: Notice[] = [];
  let kept: ReadonlyMap<string, Kept> = read();

  function read(): Map<string, Kept> {
    const entries = new Map<string, Kept>();
    const keys = seals.flatMap((seal) => seal.check?.() ?? []);
    const saved = readFile(path);
    if (saved === 'unreadable') {
      notices.push(lostNotice(fact('SECRETS_UNREADABLE'), [trySetAside(path), ...keys]));
      return entries;
    }
    const keepSealed = (name: string) => {
      const sealed = sealedSchema.safeParse(saved[name]);
      if (sealed.success) entries.set(name, { ...sealed.data, value: null });
    };
    const lost: string[] = [];
    const locked: string[] = [];
    for (const [name, entry] of Object.entries(saved)) {
      const parsed = sealedSchema.safeParse(entry);
      if (!parsed.success) {
        lost.push(name);
        continue;
      }
      const { by, sealed } = parsed.data;
      const seal = seals.find((one) => one.kind === by);
      const value = seal?.open(name, sealed) ?? null;
      if (value === null && seal?.failsForGood) lost.push(name);
      else entries.set(name, { by, sealed, value });
      if (value === null && !seal?.failsForGood) locked.push(name);
    }
    if (lost.length > 0) {
      const aside = trySetAside(path);
      if (aside !== null) save(entries);
      // Not moved, so it must not be overwritten without a request.
      else for (const name of lost) keepSealed(name);
      notices.push(
        lostNotice(fact('SECRETS_NOT_OPENED', { count: lost.length, keyDamaged: keys.length > 0 }), [
          aside,
          ...keys,
        ]),
      );
    } else if (keys.length > 0) {
      notices.push(lostNotice(fact('SECRETS_KEY_DAMAGED'), keys));
    }
    if (locked.length > 0) {
      notices.push({
        id: 'secrets-locked',
        code: 'SECRETS_LOST',
        message: fact('SECRETS_LOCKED', { count: locked.length }),
        next: fact('UNLOCK_OR_SET_AGAIN'),
      });
    }
    return entries;
  }

  /** A full disk must not prevent the start: what could not be written is reported again next time. */
  function save(entries: ReadonlyMap<string, Kept>): void {
    try {
      write(path, serialise(entries));
    } catch {}
  }

  return {
    notices,
    secrets: {
      protection: { kind: first.kind, message },
      get: (name) => kept.get(name)?.value ?? null,
      change(changes) {
        const next = new Map(kept);
        for (const [name, value] of Object.entries(changes)) {
          if (value === null) next.delete(name);
          else if (kept.get(name)?.value !== value) {
            next.set(name, { by: first.kind, sealed: first.close(name, value), value });
          }
        }
        const same = next.size === kept.size && [...next].every(([name, entry]) => kept.get(name) === entry);
        if (same) return;
        write(path, serialise(next));
        kept = next;
      },
    },
  };
}

function serialise(entries: ReadonlyMap<string, Kept>): string {
  const secrets = Object.fromEntries([...entries].map(([name, { by, sealed }]) => [name, { by, sealed }]));
  return `${JSON.stringify({ version: 1, secrets }, null, 2)}\n`;
}

/** Entry by entry, so that a damaged one does not affect the others. */
function readFile(path: string): Record<string, unknown> | 'unreadable' {
  const content = withCodedUnsafe(() => readContent(path, 'secret'));
  if (content.kind === 'missing') return {};
  if (content.kind === 'unreadable') return 'unreadable';
  try {
    const parsed = fileSchema.safeParse(JSON.parse(content.text));
    return parsed.success ? parsed.data.secrets : 'unreadable';
  } catch {
    return 'unreadable';
  }
}

function lostNotice(what: Message, kept: readonly (string | null)[]): Notice {
  const names = kept.flatMap((path) => (path === null ? [] : basename(path)));
  return {
    id: 'secrets',
    code: 'SECRETS_LOST',
    message: fact('SECRETS_SET_ASIDE', { what, files: names }),
    next: fact('SET_SECRETS_AGAIN'),
  };
}
