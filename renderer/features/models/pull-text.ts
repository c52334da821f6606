/** What the panel says about a download. Pure. */
import { modelNameProblem } from '../../../shared/model-name.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { ModelPull } from '../../../shared/models/library.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatBytes, formatDuration, formatPercent } from '../../../shared/units.ts';

/** The library that a name leads to, as people know it. */
export function libraryOf(model: string): string {
  const parts = model.trim().split('/');
  const [host = ''] = parts;
  if (parts.length === 3) return host;
  // `hf.co/model` names a host only if it looks like one.
  return parts.length === 2 && /[.:]/.test(host) ? host : 'ollama.com';
}

/** Why a name can't be downloaded; null while it can, or while nothing was typed. */
export function nameError(name: string): string | null {
  switch (modelNameProblem(name)) {
    case 'address':
      return 'Enter the name only, not the address of its page: llama3.2:3b.';
    case 'shape':
      return 'Use NAME, NAME:TAG or HOST/TEAM/NAME:TAG, without spaces.';
    default:
      return null;
  }
}

export interface TargetChoice {
  node: NodeView;
  /** Beside its name. */
  about: string;
  /** Why it can't be chosen; null if it can. */
  refused: string | null;
  /** It is woken first. */
  wakes: boolean;
}

/**
 * The machines that could have a model.
 * @param digest of the copy that they are to equal; null for a plain download
 */
export function targetChoices(
  nodes: readonly NodeView[],
  model: string,
  digest: string | null,
  running: (nodeId: string) => boolean,
): TargetChoice[] {
  return nodes
    .filter(
      ({ url, server }) =>
        url !== null && (server === null || server.capabilities.includes('manages-models')),
    )
    .map((node) => {
      const there = node.installed.find(({ name }) => name === model);
      const serving = isServing(node.state);
      const same = digest !== null && there?.digest === digest;
      const refused = same
        ? 'has it already'
        : running(node.id)
          ? 'is downloading it'
          : !serving && !node.canWake
            ? `${nodeStateLabel(node)}, can't be woken from here`
            : null;
      const about = !serving
        ? `${nodeStateLabel(node)}: it is woken first`
        : there === undefined
          ? nodeStateLabel(node)
          : 'has it: only what changed is downloaded';
      return { node, refused, about: refused ?? about, wakes: !serving };
    });
}

/** How far a download is: `1.2 GB of 4.9 GB · 24% · 38 MB/s · 1 min left`. */
export function pullProgress({ doneBytes, totalBytes, bytesPerSecond }: ModelPull): {
  share: number | null;
  text: string;
} {
  if (totalBytes === null || totalBytes === 0) return { share: null, text: 'starting' };
  const share = doneBytes / totalBytes;
  const left = bytesPerSecond ? ((totalBytes - doneBytes) / bytesPerSecond) * 1000 : null;
  const parts = [
    `${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`,
    formatPercent(share),
    ...(bytesPerSecond === null ? [] : [`${formatBytes(bytesPerSecond)}/s`]),
    ...(left === null || left < 1000 ? [] : [`${formatDuration(left)} left`]),
  ];
  return { share, text: parts.join(' · ') };
}
