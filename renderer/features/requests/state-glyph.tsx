import { ArrowUpRight, Ban, Check, Clock3, type LucideIcon, TriangleAlert, Upload, X } from 'lucide-react';
import type { RequestState } from '../../../shared/models/requests.ts';
import { StateGlyph } from '../../components/glyphs.tsx';

const icons: Record<
  Exclude<RequestState, 'waking' | 'answering'>,
  { Icon: LucideIcon; className: string }
> = {
  arriving: { Icon: Upload, className: 'text-amber' },
  queued: { Icon: Clock3, className: 'text-amber' },
  sent: { Icon: ArrowUpRight, className: 'text-amber' },
  completed: { Icon: Check, className: 'text-cold' },
  refused: { Icon: Ban, className: 'text-amber' },
  rejected: { Icon: TriangleAlert, className: 'text-amber' },
  failed: { Icon: TriangleAlert, className: 'text-trouble' },
  cancelled: { Icon: X, className: 'text-cold' },
};

/** The state of a request: an ember while a machine wakes, a flame while it is answered. */
export function RequestGlyph({ state, size = 16 }: { state: RequestState; size?: number }) {
  if (state === 'waking') return <StateGlyph state="waking" size={size} />;
  if (state === 'answering') return <StateGlyph state="gpu-verified" size={size} />;
  const { Icon, className } = icons[state];
  return <Icon size={size} aria-hidden="true" className={`shrink-0 ${className}`} />;
}
