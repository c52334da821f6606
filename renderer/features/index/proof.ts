/** What a run came to, from its record alone: who did how much, how long each part took, when it fell and why. */
import type { IndexJob, JobEvent, JobNodeShare } from '../../../shared/models/indexing.ts';

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
  words: string;
  ms: number;
}

/** A time in which the run did without the GPU it wanted. */
export interface ProofFall {
  kind: 'fell-back' | 'waiting';
  from: number;
  /** null when it lasted to the end. */
  to: number | null;
  why: string;
}

export interface Proof {
  /** One sentence that says how it went. */
  verdict: string;
  /** From its start to its end. */
  tookMs: number | null;
  /** In order; together with a wait for its turn they make up the whole. */
  parts: readonly ProofPart[];
  shares: readonly ProofShare[];
  falls: readonly ProofFall[];
  /** Mean over the time in which it worked; null where nothing was embedded. */
  vectorsPerSecond: number | null;
  /** Of all vectors, how many came from a GPU, 0 to 1; null where nothing was embedded or no model was used. */
  gpuShare: number | null;
}

const order: Record<JobNodeShare['placement'], number> = { gpu: 0, partial: 1, cpu: 2, builtin: 3 };

/** The proof of a run that has ended. */
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
  if (job.status === 'failed') return 'It ended early; what it committed stays.';
  if (job.status === 'cancelled') return 'It was cancelled; what it committed stays.';
  if (job.vectors === 0) {
    return job.files.failed > 0
      ? 'Nothing new could be indexed.'
      : job.files.removed > 0
        ? 'Nothing new; what was gone from the folder left the index.'
        : 'Nothing had changed.';
  }
  if (gpuShare === null) return 'All of it by the built-in embedder, on this computer.';
  const fell = falls.some((fall) => fall.kind === 'fell-back');
  if (gpuShare === 1) return fell ? 'All of it on a GPU, after a while without one.' : 'All of it on a GPU.';
  if (gpuShare === 0) return job.useGpu ? 'None of it on a GPU.' : 'On the CPU, as asked.';
  const percent = Math.min(99, Math.max(1, Math.round(gpuShare * 100)));
  return `${percent}% on a GPU${fell ? '; the rest after it was lost, on a CPU.' : '.'}`;
}

/** Waits for its turn, wakes, places, works: cut where the events say that one ended. */
function partsOf(job: IndexJob): ProofPart[] {
  const { createdAt, startedAt, endedAt } = job;
  if (startedAt === null || endedAt === null) return [];
  const parts: ProofPart[] = [];
  const add = (kind: ProofPart['kind'], words: string, ms: number) => {
    if (ms > 0) parts.push({ kind, words, ms });
  };
  if (startedAt - createdAt >= 1000) add('queue', 'Waited for its turn', startedAt - createdAt);
  let from = startedAt;
  const placed = job.events.find((event) => event.kind === 'placed');
  const woke = job.events.find((event) => event.kind === 'woke');
  // Only what came before the first work is a part of its own; later wakes happen while others work.
  const first = job.events.find((event) => event.kind !== 'note');
  if (woke && woke === first) {
    add('wake', 'Until the machine was awake', woke.at - from);
    from = Math.max(from, woke.at);
  }
  if (placed && (placed === first || (woke === first && job.events.indexOf(placed) <= 2))) {
    add('place', 'Until the model was on the GPU', placed.at - from);
    from = Math.max(from, placed.at);
  }
  add('work', job.vectors > 0 ? 'Embedding and writing' : 'Reading', Math.max(1, endedAt - from));
  return parts;
}

/** When it fell to the CPU or waited, and until when. */
function fallsOf(events: readonly JobEvent[]): ProofFall[] {
  const falls: ProofFall[] = [];
  for (const event of events) {
    const open = falls.find((fall) => fall.to === null);
    if (event.kind === 'fell-back' || event.kind === 'waiting') {
      if (open) open.to = event.at;
      falls.push({ kind: event.kind, from: event.at, to: null, why: event.message });
    } else if (open && (event.kind === 'recovered' || event.kind === 'placed')) {
      open.to = event.at;
    }
  }
  return falls;
}
