import type { NodeState } from '../../../shared/models/fleet.ts';
import { StateGlyph } from '../../components/glyphs.tsx';
import type { Condition } from './runner-text.ts';

const states: Readonly<Record<Condition, NodeState>> = {
  off: 'off',
  'machine-off': 'off',
  starting: 'booting',
  'no-model': 'unknown',
  gpu: 'gpu-verified',
  cpu: 'serving',
  'fell-to-cpu': 'serving',
  'gpu-lost': 'serving',
  resting: 'trouble',
  unreachable: 'trouble',
  failed: 'trouble',
};

/** The same temperatures as those of the machines. */
export const ConditionGlyph = ({ condition, size = 16 }: { condition: Condition; size?: number }) => (
  <StateGlyph state={states[condition]} lost={condition === 'gpu-lost'} size={size} />
);
