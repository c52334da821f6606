/** The power role over HTTP: as existing shutdown servers, and our own versioned API beside it. */

import type { Inhibitor } from '../../adapters/agent-host/types.ts';
import type { Attempts } from '../attempts.ts';
import { flag, integer, object, oneOf, optional, required, text } from '../check.ts';
import type { Damage } from '../damage.ts';
import { AgentError } from '../errors.ts';
import { checked } from '../http/body.ts';
import type { Exchange, Route } from '../http/route.ts';
import type { LeaseRequest, Leases } from '../leases/leases.ts';
import { legacyError } from '../relay/relay.ts';
import type { Finish } from './finish.ts';
import type { OllamaControl } from './ollama.ts';
import { powerActions } from './policy.ts';
import { checkPolicyRequest, type PolicyBook } from './policy-book.ts';
import type { Power, PowerRequest } from './power.ts';

export interface PowerRoutesOptions {
  power: Power;
  leases: Leases;
  finish: Finish;
  book: PolicyBook;
  damage: Pick<Damage, 'reason' | 'problems'>;
  inhibitor: Pick<Inhibitor, 'state'>;
  /** Why a lease doesn't keep the machine from sleeping; null where it does, or where none lives. */
  sleepTrouble(): { code: string; message: string; next: string } | null;
  ollama: OllamaControl;
  attempts: Attempts;
  bootId: string;
  now(): number;
}

const id = text(128, /^[\w.:-]+$/, 'a text of 1 to 128 letters, digits and . _ : -');
const words = text(200);

const checkLease = object<LeaseRequest>({
  holder: required(words),
  purpose: required(words),
  ttlSeconds: required(integer(1, 86_400)),
});

const checkPower = object<PowerRequest>({
  action: required(oneOf(...powerActions)),
  countdownSeconds: optional(integer(0, 3600), 0),
  force: optional(flag, false),
  by: optional(words, 'a panel'),
});

const checkBy = object<{ by: string }>({ by: optional(words, 'a panel') });
const checkCancelHere = object<{ key: string; by: string }>({
  key: required(text(64)),
  by: optional(words, 'a person at the machine'),
});
const checkWoken = object<{ bootId: string; by: string }>({
  bootId: required(text(128)),
  by: optional(words, 'Pilotlight'),
});

const ok = (body: unknown) => ({ status: 200, body });
const idOf = (exchange: Exchange) => {
  const mistakes: string[] = [];
  const value = id(exchange.params.id, 'id', mistakes);
  if (mistakes.length > 0) throw new AgentError('BAD_REQUEST', { message: mistakes.join(' ') });
  return value;
};

export function powerRoutes(options: PowerRoutesOptions): Route[] {
  const { power, leases, finish, book, damage, inhibitor, sleepTrouble, ollama, attempts, bootId, now } =
    options;

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
    const decided = finish.decision();
    const missing = damage.reason();
    const others = decided.reasons.filter(({ code }) => code !== 'RECORDS_DAMAGED');
    return {
      effective: finish.effective(),
      policies: book.policies(),
      bootId,
      woken: book.woken(),
      wokenInThisBoot: book.woken()?.bootId === bootId,
      keptOn: book.keptOn(),
      ...decided,
      reasons: missing === null ? decided.reasons : [missing, ...others],
      problems: damage.problems(),
    };
  };

  return [
    {
      method: 'POST',
      path: '/shutdown',
      access: 'token',
      async handle() {
        await power.ask({ action: 'shutdown', countdownSeconds: 0, force: false, by: 'a script' });
        return ok({ success: true, message: 'Shutting down now' });
      },
      refusal: (error) => ({
        ...legacyError(error),
        ...(error.code === 'UNAUTHORIZED' ? {} : { success: false }),
        ...(error.details ?? {}),
      }),
    },
    { method: 'GET', path: '/v1/power', access: 'token', handle: async () => ok(await powerView()) },
    {
      method: 'POST',
      path: '/v1/power',
      access: 'token',
      async handle(exchange) {
        const request = checked(checkPower, await exchange.body());
        await power.ask(request);
        return { status: 202, body: await powerView() };
      },
    },
    {
      method: 'POST',
      path: '/v1/power/cancel',
      access: 'token',
      async handle(exchange) {
        const { by } = checked(checkBy, (await exchange.body()) ?? {});
        power.cancel(by);
        return ok(await powerView());
      },
    },
    {
      method: 'POST',
      path: '/v1/ollama/restart',
      access: 'token',
      async handle(exchange) {
        const { by } = checked(checkBy, (await exchange.body()) ?? {});
        return ok(await ollama.restart(by));
      },
    },
    {
      // For people at the machine: its key lies where they can read it while a countdown runs.
      method: 'POST',
      path: '/v1/power/cancel-here',
      access: 'key',
      async handle(exchange) {
        const { key, by } = checked(checkCancelHere, await exchange.body());
        if (power.isKey(key)) return ok(power.cancel(by));
        attempts.wrong(exchange.address);
        throw new AgentError('NO_COUNTDOWN');
      },
    },
    { method: 'GET', path: '/v1/leases', access: 'token', handle: () => ok(leaseList()) },
    {
      method: 'PUT',
      path: '/v1/leases/{id}',
      access: 'token',
      async handle(exchange) {
        const lease = idOf(exchange);
        const request = checked(checkLease, await exchange.body());
        // A sleep that lies behind takes from the leases of before it, and not from this one.
        finish.noticeSleep();
        const { lease: held, begun } = leases.put(lease, request);
        return { status: begun ? 201 : 200, body: held };
      },
    },
    {
      method: 'GET',
      path: '/v1/leases/{id}',
      access: 'token',
      handle(exchange) {
        const lease = leases.get(idOf(exchange));
        if (lease === null) throw new AgentError('NOT_FOUND', { message: 'There is no such lease.' });
        return ok(lease);
      },
    },
    {
      method: 'DELETE',
      path: '/v1/leases/{id}',
      access: 'token',
      handle(exchange) {
        leases.end(idOf(exchange));
        return ok({ ended: true });
      },
    },
    {
      method: 'GET',
      path: '/v1/policy',
      access: 'token',
      async handle() {
        await finish.look();
        return ok(policyView());
      },
    },
    {
      method: 'PUT',
      path: '/v1/policies/{id}',
      access: 'token',
      async handle(exchange) {
        const { helloUrl, ...policy } = checked(checkPolicyRequest, await exchange.body());
        book.put({ panel: idOf(exchange), policy, helloUrl, updatedAt: now() });
        return ok(policyView());
      },
    },
    {
      method: 'DELETE',
      path: '/v1/policies/{id}',
      access: 'token',
      handle(exchange) {
        book.remove(idOf(exchange));
        return ok(policyView());
      },
    },
    {
      method: 'PUT',
      path: '/v1/woken',
      access: 'token',
      async handle(exchange) {
        const woken = checked(checkWoken, await exchange.body());
        // A sleep that lies behind is noticed first, for it takes away who woke it before.
        finish.noticeSleep();
        if (woken.bootId !== bootId) throw new AgentError('BOOT_CHANGED', { details: { bootId } });
        finish.woken(woken.bootId, woken.by);
        return ok(policyView());
      },
    },
  ];
}
