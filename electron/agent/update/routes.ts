/** How panels update this agent: `/v1/update`. */
import { type AgentUpdateWay, UPDATE_PART_BYTES } from '../../../shared/contract/agent/update.ts';
import { type AnswerSent, agentApi } from '../../../shared/contract/agent.ts';
import { MOST_MANIFEST_BYTES } from '../../../shared/models/update-manifest.ts';
import { AgentError } from '../errors.ts';
import { checked, parseBody, readBytes } from '../http/body.ts';
import { ok, type Route, serve } from '../http/route.ts';
import { createReceiver } from './receive.ts';
import type { SentProgram } from './record.ts';
import type { UpdateStore } from './store.ts';

export interface BusyReason {
  code: string;
  message: string;
}

/** What the program around the agent does for its updates. */
export interface UpdateHost {
  way: AgentUpdateWay;
  os: string;
  arch: string;
  /** null if panels don't update it. */
  store: UpdateStore | null;
  /** The version of the program that was installed. */
  installed: string;
  /** Ends this agent and starts the new program in its place. Throws DISK_TROUBLE, and then nothing ends. */
  start(program: SentProgram): void;
}

/** An agent inside another program. */
export const updatedByHost = (version: string): UpdateHost => ({
  way: 'host',
  os: process.platform,
  arch: process.arch,
  store: null,
  installed: version,
  start() {},
});

export interface UpdateRoutesOptions {
  host: UpdateHost;
  version: string;
  /** Why it is not restarted now. */
  busy(): readonly BusyReason[];
  log(message: string): void;
}

/** JSON escapes a manifest, so its body may be longer than it. */
const OFFER_BYTES = MOST_MANIFEST_BYTES * 2 + 1000;

export function updateRoutes({ host, version, busy, log }: UpdateRoutesOptions): Route[] {
  const { way, os, arch, store, installed } = host;
  const receiver = store === null ? null : createReceiver({ store, version, os, arch });
  let isStarting = false;

  function state(): AnswerSent<typeof agentApi.update> {
    const record = store?.read() ?? null;
    const previous =
      record === null || record.current === null ? null : (record.previous?.version ?? installed);
    const next = receiver?.next() ?? null;
    return {
      version,
      os,
      arch,
      way,
      state: isStarting ? 'starting' : receiver?.isReady() ? 'ready' : next === null ? 'idle' : 'receiving',
      next,
      previous: previous === version ? null : previous,
      last: record?.last ?? null,
      busy: busy().map(({ code, message }) => ({ code, message })),
    };
  }

  function open() {
    if (receiver === null) throw new AgentError('AGENT_UPDATE_NOT_HERE', { details: { way } });
    if (isStarting) throw new AgentError('AGENT_UPDATE_OUT_OF_STEP');
    return receiver;
  }

  return [
    serve(agentApi.update, () => ok(state())),
    {
      ...serve(agentApi.offerUpdate, () => ok(state())),
      async handle(exchange) {
        const bytes = await readBytes(exchange.raw, OFFER_BYTES);
        open().offer(checked(agentApi.offerUpdate.request, parseBody(bytes)));
        return ok(state());
      },
    },
    serve(agentApi.putUpdatePart, async (_, { params, raw }) => {
      const from = /^\d{1,12}$/.test(params.id ?? '') ? Number(params.id) : -1;
      const bytes = await readBytes(raw, UPDATE_PART_BYTES);
      open().take(from, bytes);
      return ok(state());
    }),
    serve(agentApi.startUpdate, ({ version: wanted, by }) => {
      const program = open().ready(wanted);
      // Checked in the same turn in which it begins: nothing can take a lease in between.
      const reasons = busy();
      if (reasons.length > 0) throw new AgentError('IN_USE', { details: { reasons } });
      host.start(program);
      isStarting = true;
      log(`update: ${by} replaces ${version} by ${wanted}`);
      return { status: 202, body: state() };
    }),
    serve(agentApi.dropUpdate, () => {
      open().drop();
      return ok(state());
    }),
  ];
}
