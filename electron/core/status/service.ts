import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { CoreStatus, Notice } from '../../../shared/contract/streams.ts';
import type { NodeOffer } from '../../../shared/models/fleet.ts';
import type { SecretsProtection } from '../../../shared/models/secrets.ts';
import type { Clock } from '../ports/time.ts';
import type { Handlers } from '../runtime/handlers.ts';
import type { Streams } from '../runtime/streams.ts';

/** The status of the core and its notices. */
export interface StatusService {
  current(): CoreStatus;
  /** Sets addresses from the environment that nobody has agreed to contact yet. */
  setOffers(offers: NodeOffer[]): void;
  setSimulated(simulated: boolean): void;
  /** Sets where the server of this core listens. */
  setUrl(url: string): void;
  addNotice(notice: Notice): void;
  /** Does nothing if there is no such notice. */
  removeNotice(id: string): void;
  /** Dismisses a notice for a person. Throws NOT_FOUND. */
  dismissNotice(id: string): void;
  /** Called when a person dismissed a notice. */
  onDismissed(listener: (id: string) => void): () => void;
}

export interface StatusDependencies {
  clock: Clock;
  streams: Pick<Streams, 'core'>;
  version: string;
  secrets: SecretsProtection;
}

export function createStatusService({ clock, streams, version, secrets }: StatusDependencies): StatusService {
  let status: CoreStatus = {
    version,
    startedAt: clock.now(),
    simulated: false,
    url: null,
    offers: [],
    notices: [],
    secrets,
  };

  function change(part: Partial<CoreStatus>): void {
    status = { ...status, ...part };
    streams.core.set('status', status);
  }

  const dismissed = new Set<(id: string) => void>();

  function removeNotice(id: string): void {
    if (!status.notices.some((notice) => notice.id === id)) return;
    change({ notices: status.notices.filter((notice) => notice.id !== id) });
  }

  change({});

  return {
    current: () => status,
    setOffers: (offers) => change({ offers }),
    setSimulated: (simulated) => {
      if (simulated !== status.simulated) change({ simulated });
    },
    setUrl: (url) => change({ url: url.replace(/\/$/, '') }),
    addNotice: (notice) =>
      change({ notices: [...status.notices.filter((other) => other.id !== notice.id), notice] }),
    dismissNotice(id) {
      if (!status.notices.some((notice) => notice.id === id)) throw new PilotlightError('NOT_FOUND');
      removeNotice(id);
      for (const listener of [...dismissed]) listener(id);
    },
    removeNotice,
    onDismissed(listener) {
      dismissed.add(listener);
      return () => dismissed.delete(listener);
    },
  };
}

export function statusMethods({
  status,
}: {
  status: StatusService;
}): Handlers<'core.status' | 'core.dismissNotice'> {
  return {
    'core.status': () => status.current(),
    'core.dismissNotice': ({ id }) => {
      status.dismissNotice(id);
      return { ok: true };
    },
  };
}
