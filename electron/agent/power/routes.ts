/** The power role over HTTP: compatible with existing shutdown servers, and our own versioned API beside it. */

import { idSchema } from '../../../shared/contract/agent/requests.ts';
import { agentApi } from '../../../shared/contract/agent.ts';
import type { Inhibitor } from '../../adapters/agent-host/types.ts';
import type { Attempts } from '../../adapters/http/attempts.ts';
import type { Damage } from '../damage.ts';
import { AgentError } from '../errors.ts';
import { checked } from '../http/body.ts';
import { type Exchange, ok, type Route, serve } from '../http/route.ts';
import type { Leases } from '../leases/leases.ts';
import type { PanelTraffic } from '../leases/traffic.ts';
import { legacyError } from '../relay/relay.ts';
import type { IdleShutdown } from './idle-shutdown.ts';
import type { OllamaControl } from './ollama.ts';
import type { PolicyBook } from './policy-book.ts';
import type { Power } from './power.ts';

export interface PowerRoutesOptions {
  power: Power;
  leases: Leases;
  traffic: PanelTraffic;
  idleShutdown: IdleShutdown;
  book: PolicyBook;
  damage: Pick<Damage, 'reason' | 'problems'>;
  inhibitor: Pick<Inhibitor, 'state'>;
  /** Why a lease does not keep the machine from sleeping; null if it does, or if there is no lease. */
  sleepTrouble(): { code: string; message: string; next: string } | null;
  ollama: OllamaControl;
  attempts: Attempts;
  bootId: string;
  now(): number;
}

const idOf = (exchange: Exchange) => checked(idSchema, exchange.params.id, 'id');

export function powerRoutes(options: PowerRoutesOptions): Route[] {
  const {
    power,
    leases,
    traffic,
    idleShutdown,
    book,
    damage,
    inhibitor,
    sleepTrouble,
    ollama,
    attempts,
    bootId,
    now,
  } = options;

  const leaseList = () => ({
    leases: leases.list(),
    inhibitor: { ...inhibitor.state(), trouble: sleepTrouble() },
  });

  const powerView = async () => ({
    ...power.state(),
    actions: await power.actions(),
    mayRestartOllama: ollama.may,
    sleepTrouble: sleepTrouble(),
  });

  const policyView = () => {
    const decided = idleShutdown.decision();
    const missing = damage.reason();
    const others = decided.reasons.filter(({ code }) => code !== 'RECORDS_DAMAGED');
    return {
      effective: idleShutdown.effective(),
      policies: book.policies(),
      bootId,
      woken: book.woken(),
      wokenInThisBoot: book.woken()?.bootId === bootId,
      keptOn: book.keptOn(),
      ...decided,
      reasons: missing === null ? [...decided.reasons] : [missing, ...others],
      problems: [...damage.problems()],
    };
  };

  return [
    serve(
      agentApi.shutdown,
      async () => {
        await power.ask({ action: 'shutdown', countdownSeconds: 0, force: false, by: 'a script' });
        return ok({ success: true, message: 'Shutting down now' });
      },
      {
        refusal: (error) => ({
          ...legacyError(error),
          ...(error.code === 'UNAUTHORIZED' ? {} : { success: false }),
          ...(error.details ?? {}),
        }),
      },
    ),
    serve(agentApi.power, async () => ok(await powerView())),
    serve(agentApi.powerOff, async (request) => {
      await power.ask(request);
      return { status: 202, body: await powerView() };
    }),
    serve(agentApi.cancelPowerOff, async ({ by }) => {
      power.cancel(by);
      return ok(await powerView());
    }),
    serve(agentApi.restartOllama, async ({ by }) => ok(await ollama.restart(by))),
    serve(agentApi.cancelHere, ({ key, by }, { address }) => {
      if (power.isKey(key)) return ok(power.cancel(by));
      attempts.wrong(address);
      throw new AgentError('NO_COUNTDOWN');
    }),
    serve(agentApi.leases, () => ok(leaseList())),
    serve(agentApi.putLease, (request, exchange) => {
      const id = idOf(exchange);
      // An earlier sleep is subtracted from the leases before it, not from this one.
      idleShutdown.noticeSleep();
      const { lease, begun } = leases.put(id, request);
      return { status: begun ? 201 : 200, body: lease };
    }),
    serve(agentApi.lease, (_, exchange) => {
      const lease = leases.get(idOf(exchange));
      if (lease === null) throw new AgentError('NOT_FOUND', { message: 'There is no such lease.' });
      return ok(lease);
    }),
    serve(agentApi.endLease, (_, exchange) => {
      leases.end(idOf(exchange));
      return ok({ ended: true });
    }),
    serve(agentApi.traffic, () => ok({ traffic: traffic.list() })),
    serve(agentApi.putTraffic, (request, exchange) => {
      traffic.put(idOf(exchange), request);
      return ok({ traffic: traffic.list() });
    }),
    serve(agentApi.policy, async () => {
      await idleShutdown.check();
      return ok(policyView());
    }),
    serve(agentApi.putPolicy, ({ helloUrl, ...policy }, exchange) => {
      book.put({ panel: idOf(exchange), policy, helloUrl, updatedAt: now() });
      return ok(policyView());
    }),
    serve(agentApi.removePolicy, (_, exchange) => {
      book.remove(idOf(exchange));
      return ok(policyView());
    }),
    serve(agentApi.woken, (woken) => {
      // An earlier sleep is detected first, because it clears who woke the machine before it.
      idleShutdown.noticeSleep();
      if (woken.bootId !== bootId) throw new AgentError('BOOT_CHANGED', { details: { bootId } });
      idleShutdown.woken(woken.bootId, woken.by);
      return ok(policyView());
    }),
  ];
}
