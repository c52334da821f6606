/** A run’s result, from its record alone: work by machine, time by phase, and fallbacks with their reasons. */
import type { IndexJob, JobEvent, JobNodeShare } from '../../../shared/models/indexing.ts';
import { textOf } from '../../texts.ts';

export interface ProofShare {
  key: string;
  name: string;
  placement: JobNodeShare['placement'];
  vectors: number;
  /** Of all vectors, 0 to 1. */
  share: number;
}

export interface ProofPart {
  kind: 'queue' | 'wake' | 'place' | 'work';
  label: string;
  ms: number;
}

/** A period in which the run had to do without a GPU. */
export interface ProofFall {
  kind: 'fell-back' | 'waiting';
  from: number;
  /** null if it lasted to the end. */
  to: number | null;
  why: string;
}

export interface Proof {
  /** The result in one sentence. */
  verdict: string;
  /** From its start to its end. */
  tookMs: number | null;
  /** In order; together with the queue time they add up to the whole. */
  parts: readonly ProofPart[];
  shares: readonly ProofShare[];
  falls: readonly ProofFall[];
  /** Average over the time spent embedding; null if nothing was embedded. */
  vectorsPerSecond: number | null;
  /** Share of vectors computed on a GPU, 0 to 1; null if nothing was embedded or no model was used. */
  gpuShare: number | null;
}

const order: Record<JobNodeShare['placement'], number> = { gpu: 0, partial: 1, cpu: 2, builtin: 3 };

/** The proof of a finished run. */
export function proofOf(job: IndexJob): Proof {
  const total = job.nodes.reduce((sum, node) => sum + node.vectors, 0);
  const shares = job.nodes
    .filter((node) => node.vectors > 0)
    .map((node) => ({
      key: `${node.nodeId}|${node.placement}`,
      name: node.name,
      placement: node.placement,
      vectors: node.vectors,
      share: node.vectors / total,
    }))
    .toSorted((a, b) => order[a.placement] - order[b.placement] || b.vectors - a.vectors);
  const falls = fallsOf(job.events);
  const parts = partsOf(job);
  const worked = parts.find((part) => part.kind === 'work')?.ms ?? 0;
  const usedModel = shares.some((share) => share.placement !== 'builtin');
  const onGpu = shares.reduce((sum, one) => sum + (one.placement === 'gpu' ? one.share : 0), 0);
  const gpuShare = usedModel ? onGpu : null;
  return {
    verdict: verdictOf(job, gpuShare, falls),
    tookMs: job.startedAt === null || job.endedAt === null ? null : job.endedAt - job.startedAt,
    parts,
    shares,
    falls,
    vectorsPerSecond: total > 0 && worked > 0 ? total / (worked / 1000) : null,
    gpuShare,
  };
}

function verdictOf(job: IndexJob, gpuShare: number | null, falls: readonly ProofFall[]): string {
  if (job.status === 'failed') return 'Failed. What was already indexed is kept.';
  if (job.status === 'cancelled') return 'Cancelled. What was already indexed is kept.';
  if (job.vectors === 0) {
    return job.files.failed > 0
      ? 'Nothing new could be indexed.'
      : job.files.removed > 0
        ? 'Nothing new. Files deleted from the folder were removed from the index.'
        : 'Nothing had changed.';
  }
  if (gpuShare === null) return 'All with the built-in embedder, on this computer.';
  const fell = falls.some((fall) => fall.kind === 'fell-back');
  if (gpuShare === 1) return fell ? 'All on a GPU, after a while without one.' : 'All on a GPU.';
  if (gpuShare === 0) return job.useGpu ? 'None on a GPU.' : 'On the CPU, as requested.';
  const percent = Math.min(99, Math.max(1, Math.round(gpuShare * 100)));
  return `${percent}% on a GPU${fell ? '; the rest on a CPU after the GPU was lost.' : '.'}`;
}

/** Queue, wake, placement and work, split at the events that end each phase. */
function partsOf(job: IndexJob): ProofPart[] {
  const { createdAt, startedAt, endedAt } = job;
  if (startedAt === null || endedAt === null) return [];
  const parts: ProofPart[] = [];
  const add = (kind: ProofPart['kind'], label: string, ms: number) => {
    if (ms > 0) parts.push({ kind, label, ms });
  };
  if (startedAt - createdAt >= 1000) add('queue', 'Queued', startedAt - createdAt);
  let from = startedAt;
  const placed = job.events.find((event) => event.kind === 'placed');
  const woke = job.events.find((event) => event.kind === 'woke');
  // Only phases before the first work count; later wakes happen while other machines work.
  const first = job.events.find((event) => event.kind !== 'note');
  if (woke && woke === first) {
    add('wake', 'Waking the machine', woke.at - from);
    from = Math.max(from, woke.at);
  }
  if (placed && (placed === first || (woke === first && job.events.indexOf(placed) <= 2))) {
    add('place', 'Loading the model', placed.at - from);
    from = Math.max(from, placed.at);
  }
  const pausedMs = pausedBetween(job.events, from);
  add('queue', 'Paused', pausedMs);
  add('work', job.vectors > 0 ? 'Embedding and writing' : 'Reading', Math.max(1, endedAt - from - pausedMs));
  return parts;
}

/** How long a person had it paused since then. */
function pausedBetween(events: readonly JobEvent[], from: number): number {
  let pausedMs = 0;
  let since: number | null = null;
  for (const { at, kind } of events) {
    if (kind === 'paused') since ??= at;
    else if (kind === 'resumed' && since !== null) {
      pausedMs += Math.max(0, at - Math.max(from, since));
      since = null;
    }
  }
  return pausedMs;
}

/** When it fell back to the CPU or waited, and until when. */
function fallsOf(events: readonly JobEvent[]): ProofFall[] {
  const falls: ProofFall[] = [];
  for (const event of events) {
    const open = falls.find((fall) => fall.to === null);
    if (event.kind === 'fell-back' || event.kind === 'waiting') {
      if (open) open.to = event.at;
      falls.push({ kind: event.kind, from: event.at, to: null, why: textOf(event.message) });
    } else if (open && (event.kind === 'recovered' || event.kind === 'placed')) {
      open.to = event.at;
    }
  }
  return falls;
}
