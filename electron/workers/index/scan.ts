/** Compares a walk with the stored state: new, changed and removed files. The decision is pure. */

import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { JobFailure } from '../../../shared/models/indexing.ts';
import { fact } from '../../../shared/models/message.ts';
import type { OwnFolders } from '../../adapters/own-folders.ts';
import type { ScannedFile, ScanResult } from '../../core/ports/vectors.ts';
import type { FileRows, FileStamp, FileState } from './file-rows.ts';
import { readStable, resolveInside } from './read-file.ts';
import { type Walk, type WalkedFile, walkFolder } from './walk.ts';

export interface ScanPlan {
  unchanged: number;
  pending: WalkedFile[];
  /** Same size, different time: only their bytes show whether they changed. */
  doubtful: WalkedFile[];
  removed: string[];
  skipped: JobFailure[];
}

export interface ScanRules {
  full: boolean;
  maxFileBytes: number;
  recipe(path: string): string;
}

export function planScan(walk: Walk, states: ReadonlyMap<string, FileState>, rules: ScanRules): ScanPlan {
  const plan: ScanPlan = { unchanged: 0, pending: [], doubtful: [], removed: [], skipped: [...walk.skipped] };
  const present = new Set<string>();
  for (const file of walk.files) {
    if (file.size === 0) {
      plan.skipped.push({ path: file.path, code: 'FILE_EMPTY', reason: fact('FILE_IS_EMPTY') });
      continue;
    }
    if (file.size > rules.maxFileBytes) {
      const reason = fact('FILE_OVER_LIMIT', { bytes: file.size, limit: rules.maxFileBytes });
      plan.skipped.push({ path: file.path, code: 'FILE_TOO_LARGE', reason });
      continue;
    }
    present.add(file.path);
    const state = states.get(file.path);
    if (
      state === undefined ||
      rules.full ||
      state.recipe !== rules.recipe(file.path) ||
      state.size !== file.size
    ) {
      plan.pending.push(file);
    } else if (!state.settled || state.modifiedMs !== file.modifiedMs || state.changedMs !== file.changedMs) {
      plan.doubtful.push(file);
    } else countUnchanged(plan, file.path, state);
  }
  const kept = new Set(walk.unreadable);
  for (const path of states.keys()) {
    if (!present.has(path) && !isBeneath(path, kept)) plan.removed.push(path);
  }
  return plan;
}

function countUnchanged(plan: ScanPlan, path: string, state: FileState): void {
  if (state.problem === null) plan.unchanged += 1;
  else plan.skipped.push({ path, ...state.problem });
}

function isBeneath(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  if (folders.has('') || folders.has(path)) return true;
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    if (folders.has(path.slice(0, at))) return true;
  }
  return false;
}

/** The index has files, but the folder is empty and on another disk than before: its disk is not mounted. */
export function isUnmounted(
  walk: Walk,
  states: ReadonlyMap<string, FileState>,
  rootBefore: string | null,
): boolean {
  return (
    states.size > 0 && walk.files.length === 0 && rootBefore !== null && rootBefore !== walk.rootIdentity
  );
}

/**
 * Walks, decides, and removes missing files from the index in one transaction.
 * @throws FOLDER_NOT_FOUND, NOT_A_FOLDER, FOLDER_UNREADABLE, OWN_DATA_FOLDER (nothing is changed), the signal's
 * reason
 */
export async function scanSource(options: {
  root: string;
  own: OwnFolders;
  rows: FileRows;
  rules: ScanRules;
  /** Whether ignore files are obeyed. */
  ignoreFiles: boolean;
  patterns?: readonly string[];
  signal: AbortSignal;
  now: () => number;
  onSeen: (seen: number) => void;
  onRemoved: (chunkIds: readonly number[]) => void;
}): Promise<ScanResult> {
  const { root, own, rows, rules, signal } = options;
  const walk = await walkFolder({
    root,
    own,
    ignoreFiles: options.ignoreFiles,
    patterns: options.patterns ?? [],
    signal,
    onSeen: options.onSeen,
  });
  const states = rows.states();
  if (isUnmounted(walk, states, rows.readMeta('root'))) {
    throw new PilotlightError('FOLDER_UNREADABLE', {
      message: fact('FOLDER_ON_OTHER_DISK'),
      next: fact('CHECK_DISK_CONNECTED'),
      details: { path: root },
    });
  }
  const plan = planScan(walk, states, rules);
  const touched: (FileStamp & { path: string; settled: boolean })[] = [];
  for (const file of plan.doubtful) {
    const state = states.get(file.path) as FileState;
    const read = await readAgain(options, file.path);
    if (read !== null && Buffer.compare(read.hash, state.hash) === 0) {
      touched.push({ ...read, path: file.path });
      countUnchanged(plan, file.path, state);
    } else plan.pending.push(file);
  }
  plan.pending.sort((a, b) => (a.path < b.path ? -1 : 1));
  plan.skipped.sort((a, b) => (a.path < b.path ? -1 : 1));
  signal.throwIfAborted();

  const { full } = rules;
  const changes = { removed: plan.removed, touched, full, rootIdentity: walk.rootIdentity };
  options.onRemoved(rows.applyScan(changes));
  return {
    total: plan.unchanged + plan.pending.length,
    unchanged: plan.unchanged,
    removed: plan.removed.filter((path) => states.get(path)?.problem === null).length,
    pending: plan.pending.map(
      (file): ScannedFile => ({ path: file.path, sizeBytes: file.size, modifiedMs: file.modifiedMs }),
    ),
    skipped: plan.skipped,
    ...(walk.ignored.length === 0 ? {} : { ignored: walk.ignored }),
  };
}

/** `null` if it cannot be read; `prepare` will then report why. */
async function readAgain(options: Parameters<typeof scanSource>[0], path: string) {
  try {
    const absolute = await resolveInside(options.root, path, options.own);
    const { maxFileBytes } = options.rules;
    return await readStable({
      absolute,
      path,
      maxBytes: maxFileBytes,
      signal: options.signal,
      now: options.now,
    });
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof PilotlightError) return null;
    throw error;
  }
}
