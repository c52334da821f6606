/**
 * Damaged files of the agent are set aside and reported, never read as empty. While leases or policies may be
 * missing, the machine stays on until every panel that had a policy here has sent it again, or a person confirms.
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { copyAside, isThere, readContent, setAside } from '../adapters/set-aside.ts';
import { AgentError, errorText } from './errors.ts';
import { writePrivate } from './files.ts';
import { checked, partOf } from './own-files.ts';

export interface AgentProblem {
  code: 'FILE_DAMAGED';
  file: string;
  /** Its present name in the same folder; empty if the file has disappeared. */
  keptAs: string;
  message: string;
  next: string;
}

export interface DamagedReason {
  code: 'RECORDS_DAMAGED';
  message: string;
}

/** What may be missing because of a file. */
export type Loss = 'nothing' | 'leases' | 'policies' | 'panels' | 'configuration';

export interface Damage {
  /** Whether an agent that writes checksums has run here; files of older versions have none, and no last line. */
  readonly marked: boolean;
  /**
   * The value that `read` makes of the file; null if it does not exist, or was set aside as damaged. A file that
   * existed before and has disappeared counts as damaged.
   */
  read<Value>(file: string, loss: Loss, read: (text: string) => Value | null): Value | null;
  /** Sets the file aside and reports it. Its content counts as missing from now on. */
  found(file: string, loss: Loss): void;
  /** The file differs from that of the last start, but stays in use. What depends on it may be missing. */
  changed(file: string, loss: Loss): void;
  /** Whether a problem with this file was reported at this start. */
  isReported(file: string): boolean;
  /** Panels that have, or had, a policy here. */
  expect(panels: readonly string[]): void;
  /** Why the machine stays on; null if nothing may be missing. */
  reason(): DamagedReason | null;
  problems(): readonly AgentProblem[];
  /** This panel has sent its policy, after its leases. */
  policyReceived(panel: string): void;
  /** This panel was forgotten. */
  forgotten(panel: string): void;
  /** What this loss may have removed is back. */
  restored(loss: Loss): void;
  /** A person confirms that nothing is missing. Returns false if nothing was. */
  confirm(): boolean;
}

interface Kept {
  /** What may be missing. */
  losses: Loss[];
  /** Panels that have yet to report; null if unknown, in which case a person has to confirm. */
  panels: string[] | null;
  problems: AgentProblem[];
}

const FILE = 'damage.json';
/** Which panels had a policy here; a separate file, because policies.json may be the damaged one. */
const PANELS = 'panels.json';

/** A person confirms by forgetting this entry, which is listed as a panel whose policy keeps the machine on. */
export const DAMAGED_PANEL = 'damaged-records';

const nextSteps: Record<Loss, string> = {
  nothing: 'No action is needed.',
  leases: 'The machine stays on until every panel has reported its leases again.',
  policies: 'The machine stays on until every panel has sent its policy again.',
  panels: 'Pair each panel again; until then the machine stays on.',
  configuration:
    'The agent runs with its defaults and command-line flags, and the machine stays on. Correct the file, put it back and restart the agent.',
};

/** Throws DISK_TROUBLE, UNSAFE_PERMISSIONS. */
export function openDamage({ folder, log }: { folder: string; log(message: string): void }): Damage {
  const path = join(folder, FILE);
  const panelsPath = join(folder, PANELS);
  const kept: Kept = { losses: [], panels: [], problems: [] };
  let panels: string[] = [];
  const reported = new Set<string>();

  const saved = parseFile(path, readKept);
  const marked = isThere(panelsPath);
  const savedPanels = parseFile(panelsPath, readPanels);
  panels = savedPanels.value ?? [];
  if (saved.value !== null) Object.assign(kept, saved.value);
  // Its content is unknown, so any loss may have been recorded in it.
  if (saved.damaged) moveAside(FILE, 'policies');
  if (savedPanels.damaged) moveAside(PANELS, 'nothing');

  function save(): void {
    if (kept.losses.length === 0) rmSync(path, { force: true });
    else writePrivate(path, `${JSON.stringify(kept, null, 2)}\n`);
  }

  /** The loss is recorded before the file is moved, so that a crash in between does not lose it. */
  function moveAside(file: string, loss: Loss): void {
    noteLoss(file, loss);
    const keptAs = basename(move(join(folder, file), file === FILE ? copyAside : setAside));
    report(file, loss, keptAs);
  }

  function noteLoss(file: string, loss: Loss): void {
    const lost = loss !== 'nothing' && !kept.losses.includes(loss);
    if (lost) {
      if (kept.losses.length === 0) kept.panels = savedPanels.damaged || !marked ? null : [...panels];
      kept.losses.push(loss);
      if (file !== FILE) save();
    }
  }

  function report(file: string, loss: Loss, keptAs: string, what = sentenceOf(file, keptAs)): void {
    const problem: AgentProblem = {
      code: 'FILE_DAMAGED',
      file,
      keptAs,
      message: what,
      next: nextSteps[loss],
    };
    kept.problems.push(problem);
    reported.add(file);
    log(`damage: ${problem.message} ${problem.next}`);
    if (kept.losses.length > 0) save();
  }

  /** What a panel with a policy depends on is written before its name, or together with it. */
  function wasThere(loss: Loss): boolean {
    const ofPanels = loss === 'leases' || loss === 'policies' || loss === 'panels';
    return ofPanels && marked && (panels.length > 0 || savedPanels.damaged);
  }

  function resolveAll(reason: string): void {
    kept.losses = [];
    kept.panels = [];
    save();
    log(`damage: ${reason}; the policies apply again`);
  }

  function isMissing(): boolean {
    return kept.losses.length > 0;
  }

  /** Panels cannot restore a configuration. */
  function settle(panel: string, reason: string): void {
    if (!isMissing()) return;
    // One panel says nothing about the others.
    if (kept.panels === null && kept.losses.includes('policies')) return;
    const left = kept.panels?.filter((one) => one !== panel) ?? [];
    kept.panels = left;
    if (left.length > 0) save();
    else if (kept.losses.includes('configuration')) {
      kept.losses = ['configuration'];
      save();
    } else resolveAll(reason);
  }

  function writePanels(next: string[]): void {
    const same = next.length === panels.length && next.every((panel) => panels.includes(panel));
    if (same && isThere(panelsPath)) return;
    writePrivate(panelsPath, `${JSON.stringify({ panels: next })}\n`);
    panels = next;
  }

  return {
    marked,
    read(file, loss, read) {
      const { value, damaged, missing } = parseFile(join(folder, file), read);
      if (damaged) moveAside(file, loss);
      else if (missing && wasThere(loss) && !kept.losses.includes(loss)) {
        noteLoss(file, loss);
        report(file, loss, '');
      }
      return value;
    },
    found: moveAside,
    isReported: (file) => reported.has(file),
    changed(file, loss) {
      if (!wasThere(loss)) return;
      noteLoss(file, loss);
      report(file, loss, '', `The file ${file} has changed since the last start.`);
    },
    expect(next) {
      writePanels([...next]);
      // Another file is the damaged one, so this list is complete.
      if (kept.panels !== null || next.length === 0 || !isMissing() || kept.losses.includes('policies'))
        return;
      kept.panels = [...next];
      save();
    },
    reason() {
      if (!isMissing()) return null;
      const waits =
        kept.panels === null && kept.losses.includes('policies')
          ? ` It is unknown which panels had a policy here: to confirm that none is missing, forget ${DAMAGED_PANEL}.`
          : kept.panels === null || kept.panels.length === 0
            ? ''
            : ` Waiting for ${kept.panels.join(', ')}.`;
      const what = kept.losses.includes('configuration')
        ? 'Its configuration'
        : 'A file with its leases or policies';
      return {
        code: 'RECORDS_DAMAGED',
        message: `${what} was damaged, so it is unknown who needs this machine.${waits}`,
      };
    },
    problems: () => kept.problems,
    policyReceived: (panel) => settle(panel, `${panel} has sent its policy again`),
    forgotten: (panel) => {
      if (kept.panels?.includes(panel)) settle(panel, `${panel} was forgotten`);
    },
    restored(loss) {
      if (!kept.losses.includes(loss)) return;
      kept.losses = kept.losses.filter((one) => one !== loss);
      if (isMissing()) save();
      else resolveAll('the configuration is back');
    },
    confirm() {
      if (!isMissing()) return false;
      resolveAll('a person has confirmed that nothing is missing');
      kept.problems = [];
      return true;
    },
  };
}

const sentenceOf = (file: string, keptAs: string) =>
  keptAs === ''
    ? `The file ${file} has disappeared.`
    : `The file ${file} was damaged and was renamed to ${keptAs}.`;

function parseFile<Value>(
  path: string,
  read: (text: string) => Value | null,
): { value: Value | null; damaged: boolean; missing: boolean } {
  const content = checked(() => readContent(path, partOf(basename(path))));
  if (content.kind === 'missing') return { value: null, damaged: false, missing: true };
  const value = content.kind === 'read' ? attempt(() => read(content.text)) : null;
  return { value, damaged: value === null, missing: false };
}

function attempt<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** A file that is about to be replaced is copied, so that it is never missing in between. */
function move(path: string, keep: typeof setAside): string {
  try {
    return keep(path);
  } catch (error) {
    if (keep !== setAside) return move(path, setAside);
    throw new AgentError('DISK_TROUBLE', {
      message: `${path} is damaged and cannot be set aside: ${errorText(error)}`,
      cause: error,
    });
  }
}

function readPanels(text: string): string[] | null {
  const { panels } = JSON.parse(text) as { panels?: unknown };
  return isTexts(panels) ? panels : null;
}

function readKept(text: string): Kept | null {
  const { losses, panels, problems } = JSON.parse(text) as Record<keyof Kept, unknown>;
  const known =
    isTexts(losses) && losses.length > 0 && losses.every((loss) => Object.hasOwn(nextSteps, loss));
  if (!known || !(panels === null || isTexts(panels)) || !Array.isArray(problems)) return null;
  return { losses: losses as Loss[], panels, problems: problems.filter(isProblem) };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isProblem(value: unknown): value is AgentProblem {
  const texts = Object.values(Object(value));
  return texts.length === 5 && isTexts(texts) && (value as AgentProblem).code === 'FILE_DAMAGED';
}
