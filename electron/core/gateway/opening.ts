/** Opens and closes the gateway: its process, and the address at which it listens. */
import type { GatewayView } from '../../../shared/models/gateway.ts';
import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../ports/time.ts';
import {
  codedProblem,
  fits,
  type GatewayProblem,
  listeningOn,
  listenProblem,
  urlOf,
  type WantedAddress,
} from './address.ts';
import type { GatewayLink } from './link.ts';
import type { GatewayAddress } from './protocol.ts';

export interface Opening {
  /** What is wanted may have changed. */
  update(): void;
  /** The process has its table and may listen; `listening` is where it listens already. */
  started(listening: GatewayAddress | null): void;
  ended(): void;
  /** The process could not be started; it is tried again. */
  failedStart(): void;
  state(): Pick<GatewayView, 'state' | 'url' | 'listening' | 'problem' | 'restarts'>;
  /** Does nothing more. */
  stop(): void;
}

export interface OpeningDependencies {
  clock: Pick<Clock, 'timer'>;
  log: Log;
  link: Pick<GatewayLink, 'start' | 'listen' | 'close' | 'stop' | 'holderOf'>;
  wanted(): WantedAddress;
  inFlight(): number;
  onChange(): void;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 30_000;
/** How long the requests of a gateway that was turned off may go on. */
const DRAIN_MS = 30_000;
/** A process that ended this often without listening once does not work here. */
const MOST_FAILED_STARTS = 3;

export function createOpening(dependencies: OpeningDependencies): Opening {
  const { clock, log, link, wanted, inFlight, onChange } = dependencies;
  let stopped = false;
  let running: 'no' | 'starting' | 'yes' | 'ending' = 'no';
  let listening: GatewayAddress | null = null;
  let problem: GatewayProblem | null = null;
  let restarts = 0;
  let failedStarts = 0;
  let retryMs = FIRST_RETRY_MS;
  let retry: Timer | null = null;
  let drain: Timer | null = null;
  let working = false;
  /** Programs that were pointed at a port that was free by chance find it again after a restart of the process. */
  let lastFreePort: number | null = null;

  function fail(found: GatewayProblem): void {
    problem = found;
    retry?.cancel();
    retry = clock.timer(retryMs, update);
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
  }

  function start(): void {
    running = 'starting';
    try {
      link.start();
    } catch (error) {
      running = 'no';
      log.error('The process of the gateway could not be started.', { error: String(error) });
      fail(codedProblem('GATEWAY_NOT_STARTED'));
    }
  }

  async function open(address: GatewayAddress): Promise<void> {
    if (listening !== null && fits(listening, address)) {
      if (address.port === 0) lastFreePort = listening.port;
      problem = wanted().problem;
      failedStarts = 0;
      return;
    }
    const preferred =
      address.port === 0 && lastFreePort !== null ? { ...address, port: lastFreePort } : address;
    try {
      // An address includes those of its other hosts: the old one has to go first.
      if (listening !== null && listening.port === preferred.port) {
        listening = null;
        await link.close();
      }
      const { port } = await link.listen(preferred).catch((error: unknown) => {
        if (preferred === address) throw error;
        return link.listen(address);
      });
      listening = { host: address.host, port };
      if (address.port === 0) lastFreePort = port;
      problem = wanted().problem;
      failedStarts = 0;
      retryMs = FIRST_RETRY_MS;
    } catch (error) {
      if (running !== 'yes' || stopped) return;
      const holder = await link.holderOf(address.port).catch(() => null);
      fail(listenProblem(error, address, holder));
    }
  }

  async function shut(): Promise<void> {
    if (listening !== null) {
      await link.close().catch((error: unknown) => {
        log.warn('The gateway could not be closed.', { error: String(error) });
      });
      listening = null;
    }
    if (inFlight() === 0) return end();
    drain ??= clock.timer(DRAIN_MS, () => void end());
  }

  async function end(): Promise<void> {
    drain?.cancel();
    drain = null;
    if (wanted().address !== null && !stopped) return update();
    running = 'ending';
    await link.stop({ forGood: true });
    running = 'no';
  }

  async function step(): Promise<void> {
    const { address, problem: why } = wanted();
    retry?.cancel();
    retry = null;
    if (address === null) {
      problem = why;
      retryMs = FIRST_RETRY_MS;
      if (running === 'starting' || running === 'yes') await shut();
      return;
    }
    drain?.cancel();
    drain = null;
    if (running === 'no') start();
    else if (running === 'yes') await open(address);
  }

  let again = false;
  /** One step at a time; a change meanwhile is another step. */
  function update(): void {
    again = true;
    if (working || stopped) return;
    working = true;
    void (async () => {
      while (again && !stopped) {
        again = false;
        await step();
        onChange();
      }
      working = false;
    })();
  }

  return {
    update,
    started(found) {
      if (running === 'ending') return;
      running = 'yes';
      listening = found;
      update();
    },
    ended() {
      restarts += 1;
      failedStarts += 1;
      listening = null;
      if (running === 'yes') running = 'starting';
      if (failedStarts > MOST_FAILED_STARTS) problem = codedProblem('GATEWAY_NOT_STARTED');
      onChange();
    },
    failedStart() {
      problem = codedProblem('GATEWAY_NOT_STARTED');
      onChange();
    },
    state() {
      const off = wanted().address === null;
      const base = { restarts, problem };
      if (off) return { ...base, state: 'off', url: null, listening: null };
      if (listening !== null && running === 'yes') {
        return { ...base, state: 'running', url: urlOf(listening), listening: listeningOn(listening) };
      }
      return { ...base, state: problem === null ? 'starting' : 'failed', url: null, listening: null };
    },
    stop() {
      stopped = true;
      retry?.cancel();
      drain?.cancel();
    },
  };
}
