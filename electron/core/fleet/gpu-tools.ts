/** What a list of GPUs says about a machine. Pure. */
import type { GpuCard } from '../../../shared/models/telemetry.ts';
import type { ToolReport } from './gpu-state.ts';
import { hasCard } from './view.ts';

/** `read`: whether every tool has reported. `problem`: a sentence of a tool, or empty. */
export function toolReportOf(
  gpus: readonly Pick<GpuCard, 'integrated'>[],
  { read = 'all', problem = '' }: { read?: 'all' | 'not-yet' | 'failed'; problem?: string } = {},
): ToolReport {
  if (hasCard(gpus)) return { kind: 'card' };
  if (read === 'not-yet') return { kind: 'unknown' };
  if (gpus.length > 0 && read === 'all') return { kind: 'integrated' };
  return { kind: read === 'failed' ? 'failed' : 'none', problem };
}
