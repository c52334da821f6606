/** Keeps the status in step with settings and fleet: whether machines are simulated, and which addresses are offered. */

import type { OllamaHost } from '../fleet/ollama-host.ts';
import type { FleetService } from '../fleet/service.ts';
import type { SettingsService } from '../settings/service.ts';
import type { StatusService } from './service.ts';

export interface StatusSources {
  status: StatusService;
  settings: Pick<SettingsService, 'current' | 'onChange'>;
  fleet: Pick<FleetService, 'onChange'>;
  ollama: OllamaHost | null;
}

export function syncStatus({ status, settings, fleet, ollama }: StatusSources): void {
  if (ollama?.kind === 'offer') status.setOffers([{ url: ollama.url, source: ollama.source }]);
  status.setSimulated(settings.current().fleet.simulated);
  settings.onChange((next) => status.setSimulated(next.fleet.simulated));
  // An address that became a node is no longer offered.
  fleet.onChange((node) => {
    const { offers } = status.current();
    const left = offers.filter((offer) => offer.url !== node?.url);
    if (left.length < offers.length) status.setOffers(left);
  });
}
