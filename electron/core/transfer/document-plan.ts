/** From an exported file to what importing it would do. Pure; the folders were looked for before. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import { isSecretSetting } from '../../../shared/models/settings.ts';
import {
  EXPORT_VERSION,
  type ExportedSource,
  exportedNodeSchema,
  exportedSourceSchema,
} from '../../../shared/models/transfer.ts';
import { createDraft, type Draft, type PlannedImport, type Present } from './import-plan.ts';
import { planNode } from './node-plan.ts';

/** The parts of a file, not judged one by one yet. */
export interface ReadDocument {
  settings: Record<string, unknown>;
  nodes: unknown[];
  sources: unknown[];
}

/** What was found where a folder of the file should be: its canonical path, or why it cannot be used here. */
export type FoundFolders = ReadonlyMap<string, { path: string } | { problem: string }>;

const MOST_ENTRIES = 1000;

/** Throws BAD_IMPORT when the text is no export of a version that is known. */
export function readDocument(text: string): ReadDocument {
  const bad = (message: string, next?: string) =>
    new PilotlightError('BAD_IMPORT', { message, ...(next === undefined ? {} : { next }) });
  const document = parseJson(text.replace(/^\uFEFF/, ''));
  if (!isObject(document)) throw bad('This file is not JSON, or is cut off.');
  if (document.format !== 'pilotlight') throw bad('This file is not an export of Pilotlight.');
  if (document.version !== EXPORT_VERSION) {
    throw bad('This file is from another version of Pilotlight.', 'Export it again with this version.');
  }
  const { settings = {}, nodes = [], sources = [] } = document;
  if (!isObject(settings)) throw bad('The settings in this file are not an object.');
  if (!Array.isArray(nodes) || !Array.isArray(sources)) {
    throw bad('The nodes or the folders in this file are not a list.');
  }
  if (nodes.length > MOST_ENTRIES || sources.length > MOST_ENTRIES) {
    throw bad(`This file holds more than ${MOST_ENTRIES} nodes or folders.`);
  }
  return { settings, nodes, sources };
}

/** The folders to look for before the plan is made. */
export function foldersOf(document: ReadDocument): string[] {
  return document.sources.flatMap((source) => {
    const parsed = exportedSourceSchema.safeParse(source);
    return parsed.success ? [parsed.data.path] : [];
  });
}

export function planDocument(document: ReadDocument, present: Present, folders: FoundFolders): PlannedImport {
  const draft = createDraft();
  planSettings(draft, document.settings, present);
  for (const [index, node] of document.nodes.entries()) {
    const parsed = exportedNodeSchema.safeParse(node);
    if (parsed.success) planNode(draft, parsed.data, present);
    else refuseShape(draft, 'node', nameOf(node, `node ${index + 1}`), parsed.error.issues);
  }
  for (const [index, source] of document.sources.entries()) {
    const parsed = exportedSourceSchema.safeParse(source);
    if (parsed.success) planSource(draft, parsed.data, present, folders);
    else refuseShape(draft, 'folder', nameOf(source, `folder ${index + 1}`), parsed.error.issues);
  }
  return draft.finish(present);
}

function planSettings(draft: Draft, settings: Record<string, unknown>, present: Present): void {
  for (const [section, values] of Object.entries(settings)) {
    if (!isObject(values)) {
      draft.say('refuse', 'setting', section, 'This is a group of settings, not a value.');
      continue;
    }
    for (const [key, value] of Object.entries(values)) {
      const path = `${section}.${key}`;
      if (path === 'api.indexToken') {
        draft.say('leave-out', 'setting', path, 'It is a key now: generate one in Settings, under Access.');
      } else if (isSecretSetting(path)) {
        draft.say('leave-out', 'setting', path, 'Secrets are not taken from a file: set it in Settings.');
      } else if (path === 'fleet.simulated') {
        draft.say('leave-out', 'setting', path, 'The simulated fleet is switched on and off on its own.');
      } else if (!isSetting(present, section, key)) {
        draft.say('leave-out', 'setting', path, 'This version has no such setting.');
      } else draft.setting(present, path, value);
    }
  }
}

function isSetting({ settings }: Present, section: string, key: string): boolean {
  const values: unknown = Object.hasOwn(settings, section) ? Reflect.get(settings, section) : undefined;
  return isObject(values) && Object.hasOwn(values, key);
}

function planSource(draft: Draft, source: ExportedSource, present: Present, folders: FoundFolders): void {
  const found = folders.get(source.path);
  const what = source.path;
  if (!found || 'problem' in found) {
    draft.say('leave-out', 'folder', what, found?.problem ?? 'It was not looked for.');
    return;
  }
  const { path } = found;
  if (draft.sources.some((other) => other.path === path)) {
    draft.say('refuse', 'folder', what, 'The file names this folder twice.');
    return;
  }
  const before = present.sources.find((other) => other.path === path);
  const { name, wake, whenGpuGone } = source;
  if (!before) {
    draft.say('add', 'folder', what, 'It is added; index it from the Index page.');
    draft.sources.push({ id: '', name, path, embedder: source.embedder, wake, whenGpuGone, addedAt: 0 });
    return;
  }
  const after: SourceRecord = { ...before, name, wake, whenGpuGone };
  const embedder =
    embedderId(before.embedder) === embedderId(source.embedder)
      ? ''
      : ' Its embedder stays as it is: another one needs a rebuild, from the Index page.';
  if (JSON.stringify(before) === JSON.stringify(after)) {
    draft.say('same', 'folder', what, `It is here already, the same.${embedder}`);
    return;
  }
  draft.say('change', 'folder', what, `Its name or its wishes about the GPU change.${embedder}`);
  draft.sources.push(after);
}

function refuseShape(
  draft: Draft,
  kind: 'node' | 'folder',
  what: string,
  issues: readonly { path: PropertyKey[]; message: string }[],
): void {
  const [issue] = issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const message = issue?.message ?? 'it is wrong';
  draft.say('refuse', kind, what, `${field === '' ? '' : `"${field}": `}${message}.`);
}

function nameOf(value: unknown, fallback: string): string {
  return isObject(value) && typeof value.name === 'string' && value.name.trim() !== ''
    ? value.name.slice(0, 120)
    : fallback;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
