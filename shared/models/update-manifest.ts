/**
 * `manifest.json` of a release: what there is to download, and who may take it. Beside it lies `manifest.json.sig`, the
 * signature of its exact bytes, so it is verified before it is parsed (electron/adapters/updates/signed-manifest.ts).
 * Written in zod/mini, because agents read it, too.
 */
import * as z from 'zod/mini';
import { versionPattern } from '../version.ts';

export const MANIFEST_NAME = 'manifest.json';
export const SIGNATURE_NAME = 'manifest.json.sig';
/** Larger ones are refused before they are read. */
export const MOST_MANIFEST_BYTES = 1_000_000;
/** No file of a release is larger: a longer download is a lie. */
export const MOST_FILE_BYTES = 2_000_000_000;

export const updateSystems = ['linux', 'win32', 'darwin'] as const;
export type UpdateSystem = (typeof updateSystems)[number];
export const updateProcessors = ['x64', 'arm64'] as const;
export type UpdateProcessor = (typeof updateProcessors)[number];

/** `file`: one executable. Only those that replace a program as it was installed are updates; the others are for people. */
export const updateForms = ['appimage', 'nsis', 'portable', 'dmg', 'zip', 'deb', 'rpm', 'file'] as const;
export type UpdateForm = (typeof updateForms)[number];

const version = z.string().check(z.maxLength(100), z.regex(versionPattern));

/** A name in the folder of the manifest, never a path or an address. */
const plainName = z.string().check(z.maxLength(200), z.regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*$/));

export const updateFileSchema = z.object({
  name: plainName,
  /** Bytes. */
  size: z.int().check(z.minimum(1), z.maximum(MOST_FILE_BYTES)),
  /** Base64, as electron-updater has it. */
  sha512: z.string().check(z.regex(/^[A-Za-z0-9+/]{86}==$/)),
  kind: z.enum(['app', 'agent']),
  os: z.enum(updateSystems),
  arch: z.enum(updateProcessors),
  form: z.enum(updateForms),
});
export type UpdateFile = z.infer<typeof updateFileSchema>;

export const updateManifestSchema = z.object({
  format: z.literal('pilotlight-updates'),
  /** Of the format. A higher one is refused: it may mean something else by the same names. */
  formatVersion: z.literal(1),
  version,
  /** `stable`, or the word after the hyphen of a preview's version. */
  channel: z.string().check(z.regex(/^[a-z]{1,20}$/)),
  /** When it was made, ISO 8601 in UTC. */
  date: z.iso.datetime(),
  /** Older versions can't update to it directly; they update to this one first. */
  minimumVersion: version,
  /** Share of the installations that get it, above 0 to 1. */
  rollout: z.number().check(z.gt(0), z.lte(1)),
  /** What is new, in Markdown. */
  notes: z.string().check(z.maxLength(100_000)),
  files: z.array(updateFileSchema).check(z.minLength(1), z.maxLength(100)),
});
export type UpdateManifest = z.infer<typeof updateManifestSchema>;
