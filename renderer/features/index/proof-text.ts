/** A proof card as plain text, for mail or chat. */
import type { IndexJob } from '../../../shared/models/indexing.ts';
import { formatCount, formatDuration, formatPercent, formatRate, plural } from '../../../shared/units.ts';
import { jobName, textOf } from '../../texts.ts';
import { statusLabels } from './job-text.ts';
import type { Proof } from './proof.ts';
import { placementNames } from './rate-layers.ts';

export interface LeftOut {
  code: string;
  /** As text. */
  reason: string;
  count: number;
  /** One of them. */
  example: string;
}

/** Failed files, then skipped ones. Runs of older versions do not list skipped files. */
export function everyLeftOut(job: Pick<IndexJob, 'failures' | 'leftOut'>): IndexJob['failures'] {
  return [...job.failures, ...(job.leftOut ?? [])];
}

/** Why files were not indexed: each reason once, most frequent first. */
export function leftOutByReason(failures: IndexJob['failures']): LeftOut[] {
  const byReason = new Map<string, LeftOut>();
  for (const { code, path, ...failure } of failures) {
    const reason = textOf(failure.reason);
    const known = byReason.get(`${code} ${reason}`);
    if (known) known.count += 1;
    else byReason.set(`${code} ${reason}`, { code, reason, count: 1, example: path });
  }
  return [...byReason.values()].toSorted((a, b) => b.count - a.count);
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
export const formatTime = (at: number) => clock.format(at);
export const formatDate = (at: number) => date.format(at);

/** `0:07`, `12:40`, `1:02:09` after a start. */
export function formatInto(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => value.toString().padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** The whole proof card as plain text. */
export function proofText(job: IndexJob, proof: Proof): string {
  const { files } = job;
  const lines = [
    `Pilotlight · index of ${jobName(job)} · ${statusLabels[job.status]}`,
    proof.verdict,
    [
      plural(job.vectors, 'vector'),
      proof.tookMs === null ? '' : `in ${formatDuration(proof.tookMs)}`,
      proof.vectorsPerSecond === null ? '' : `(average ${formatRate(proof.vectorsPerSecond, 'vec')})`,
    ]
      .filter(Boolean)
      .join(' '),
  ];
  if (job.limitedBy) lines.push(textOf(job.limitedBy));
  if (job.startedAt !== null && job.endedAt !== null) {
    lines.push(`${formatDate(job.startedAt)}, ${formatTime(job.startedAt)} to ${formatTime(job.endedAt)}`);
  }
  if (job.error) lines.push(`${job.error.message} ${job.error.next} [${job.error.code}]`);
  if (proof.shares.length > 0) {
    const width = Math.max(...proof.shares.map((share) => share.name.length));
    lines.push('', 'Work by machine');
    for (const { name, placement, vectors, share } of proof.shares) {
      const bar = '█'.repeat(Math.max(1, Math.round(share * 20)));
      lines.push(
        `  ${name.padEnd(width)}  ${placementNames[placement].padEnd(11)}  ${bar} ${formatCount(vectors)} vectors, ${formatPercent(share)}`,
      );
    }
  }
  if (proof.parts.length > 0) {
    lines.push('', 'Where the time went');
    for (const { label, ms } of proof.parts) lines.push(`  ${label}: ${formatDuration(ms)}`);
  }
  if (job.events.length > 0) {
    lines.push('', 'Events');
    for (const event of job.events) {
      const into = job.startedAt === null ? '' : ` (+${formatInto(event.at - job.startedAt)})`;
      lines.push(`  ${formatTime(event.at)}${into}  ${textOf(event.message)}`);
    }
  }
  lines.push(
    '',
    'Files',
    `  ${formatCount(files.done)} indexed, ${formatCount(files.unchanged)} unchanged, ${formatCount(files.removed)} removed, ${formatCount(files.skipped)} skipped, ${formatCount(files.failed)} failed, of ${formatCount(files.total)}`,
  );
  for (const { reason, code, count } of leftOutByReason(everyLeftOut(job))) {
    lines.push(`  ${formatCount(count)} × ${reason} [${code}]`);
  }
  return `${lines.join('\n')}\n`;
}
