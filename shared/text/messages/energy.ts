import { formatDuration, formatEnergy } from '../../units.ts';
import { sentences } from '../grammar.ts';

/** How the energy of a machine was computed. */
export interface EnergyBasis {
  /** `gpu`: measured by its GPUs; `told`: entered by a person. */
  source: 'gpu' | 'told' | 'unknown';
  awakeMs: number;
  /** Of that, how long its GPUs were measured. */
  measuredMs: number;
  /** The wattage that a person entered; null where none was entered. */
  watts: number | null;
  /** What sleeping saved; null where that is unknown. */
  saved: { asleepMs: number; idleWatts: number; wattHours: number } | null;
}

function drawn({ source, awakeMs, measuredMs, watts }: EnergyBasis): string {
  if (source === 'unknown') return 'Its power is not measured: enter its wattage in its power policy.';
  if (source === 'told') return `Awake ${formatDuration(awakeMs)} at the ${watts} W that you entered.`;
  if (measuredMs >= awakeMs * 0.99) return 'GPU power only.';
  const rest =
    watts === null ? 'the rest is not counted' : `the rest counts at the ${watts} W that you entered`;
  return `GPU power only, measured for ${formatDuration(measuredMs)} of ${formatDuration(awakeMs)} awake; ${rest}.`;
}

const slept = ({ asleepMs, idleWatts, wattHours }: NonNullable<EnergyBasis['saved']>) =>
  `Asleep ${formatDuration(asleepMs)}, saving about ${formatEnergy(wattHours)} (at ${Math.round(idleWatts)} W idle).`;

export const energyMessages = {
  ENERGY_BASIS: (basis: EnergyBasis) => sentences(drawn(basis), basis.saved && slept(basis.saved)),
};
