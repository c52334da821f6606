/** Plans the import of an exported file. Pure: its folders were checked before. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { embedderId, type SourceRecord } from '../../../shared/models/indexing.ts';
import { fact, type Message } from '../../../shared/models/message.ts';
import { isSecretSetting } from '../../../shared/models/settings.ts';
import {
  EXPORT_VERSION,
  type ExportedSource,
  exportedNodeSchema,
  exportedSourceSchema,
} from '../../../shared/models/transfer.ts';
import { createDraft, type Draft, type PlannedImport, type Present } from './import-plan.ts';
import { planNode } from './node-plan.ts';

/** The parts of a file, not checked one by one yet. */
export interface ReadDocument {
  settings: Record<string, unknown>;
  nodes: unknown[];
  sources: unknown[];
}

/** By the path in the file: the folder's canonical path, or why it cannot be used here. */
export type FoundFolders = ReadonlyMap<string, { path: string } | { problem: Message }>;

const MOST_ENTRIES = 1000;

/** Throws BAD_IMPORT if the text is not an export of a known version. */
export function readDocument(text: string): ReadDocument {
  const bad = (message: Message, next?: Message) =>
    new PilotlightError('BAD_IMPORT', { message, ...(next === undefined ? {} : { next }) });
  const document = parseJson(text.replace(/^\uFEFF/, ''));
  if (!isObject(document)) throw bad(fact('FILE_NOT_JSON'));
  if (document.format !== 'pilotlight') throw bad(fact('FILE_NOT_AN_EXPORT'));
  if (document.version !== EXPORT_VERSION) {
    throw bad(fact('FILE_OF_OTHER_VERSION'), fact('EXPORT_AGAIN'));
  }
  const { settings = {}, nodes = [], sources = [] } = document;
  if (!isObject(settings)) throw bad(fact('FILE_SETTINGS_NOT_AN_OBJECT'));
  if (!Array.isArray(nodes) || !Array.isArray(sources)) {
    throw bad(fact('FILE_PARTS_NOT_LISTS'));
  }
  if (nodes.length > MOST_ENTRIES || sources.length > MOST_ENTRIES) {
    throw bad(fact('FILE_TOO_LONG', { most: MOST_ENTRIES }));
  }
  return { settings, nodes, sources };
}

/** The folders to check before the plan is made. */
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
    else refuseShape(draft, 'node', nameOf(node, index), parsed.error.issues);
  }
  for (const [index, source] of document.sources.entries()) {
    const parsed = exportedSourceSchema.safeParse(source);
    if (parsed.success) planSource(draft, parsed.data, present, folders);
    else refuseShape(draft, 'folder', nameOf(source, index), parsed.error.issues);
  }
  return draft.finish(present);
}

function planSettings(draft: Draft, settings: Record<string, unknown>, present: Present): void {
  for (const [section, values] of Object.entries(settings)) {
    if (!isObject(values)) {
      draft.add('refuse', 'setting', section, fact('SETTINGS_ARE_A_GROUP'));
      continue;
    }
    for (const [key, value] of Object.entries(values)) {
      const path = `${section}.${key}`;
      if (path === 'api.indexToken') {
        draft.add('leave-out', 'setting', path, fact('INDEX_TOKEN_IS_A_KEY'));
      } else if (isSecretSetting(path)) {
        draft.add('leave-out', 'setting', path, fact('SECRET_NOT_IMPORTED'));
      } else if (path === 'fleet.simulated') {
        draft.add('leave-out', 'setting', path, fact('SIMULATED_FLEET_NOT_IMPORTED'));
      } else if (path === 'gateway.managementNodeId' && value !== null) {
        draft.add('leave-out', 'setting', path, fact('NODE_ID_IS_LOCAL'));
      } else if (!isSetting(present, section, key)) {
        draft.add('leave-out', 'setting', path, fact('NO_SUCH_SETTING'));
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
    draft.add('leave-out', 'folder', what, found?.problem ?? fact('FOLDER_NOT_CHECKED'));
    return;
  }
  const { path } = found;
  if (draft.sources.some((other) => other.path === path)) {
    draft.add('refuse', 'folder', what, fact('FOLDER_TWICE_IN_FILE'));
    return;
  }
  const before = present.sources.find((other) => other.path === path);
  const { name, wake, whenGpuGone } = source;
  const ignoring = {
    ...(source.ignoreFiles === undefined ? {} : { ignoreFiles: source.ignoreFiles }),
    ...(source.ignorePatterns === undefined ? {} : { ignorePatterns: source.ignorePatterns }),
  };
  if (!before) {
    draft.add('add', 'folder', what, fact('FOLDER_TO_INDEX_ADDED'));
    draft.sources.push({
      id: '',
      name,
      path,
      embedder: source.embedder,
      wake,
      whenGpuGone,
      ...ignoring,
      addedAt: 0,
    });
    return;
  }
  const after: SourceRecord = { ...before, name, wake, whenGpuGone, ...ignoring };
  const otherEmbedder = embedderId(before.embedder) !== embedderId(source.embedder);
  if (JSON.stringify(before) === JSON.stringify(after)) {
    draft.add('same', 'folder', what, fact('FOLDER_SAME', { otherEmbedder }));
    return;
  }
  draft.add('change', 'folder', what, fact('FOLDER_CHANGES', { otherEmbedder }));
  draft.sources.push(after);
}

function refuseShape(
  draft: Draft,
  kind: 'node' | 'folder',
  what: string,
  issues: readonly { path: PropertyKey[]; message: string }[],
): void {
  const [issue] = issues;
  if (issue === undefined) return;
  const field = issue.path.map(String).join('.');
  draft.add('refuse', kind, what, fact('IMPORT_ENTRY_WRONG', { field, problem: issue.message }));
}

/** Its name, or its place in the file: `#1`. */
function nameOf(value: unknown, index: number): string {
  return isObject(value) && typeof value.name === 'string' && value.name.trim() !== ''
    ? value.name.slice(0, 120)
    : `#${index + 1}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
