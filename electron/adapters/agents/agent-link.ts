/** One agent over HTTP: requests by the Http port, the stream of samples by node:http. */
import type * as z from 'zod';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import type { AgentLink, ConnectAgent } from '../../core/ports/agents.ts';
import type { Http, HttpReply, HttpRequest } from '../../core/ports/network.ts';
import { notAnAgent, toAgentError, toLinkError } from './agent-errors.ts';
import {
  endedSchema,
  healthSchema,
  heldSchema,
  leasesSchema,
  machineSchema,
  pairedSchema,
  policyViewSchema,
  powerSchema,
  restartedSchema,
  telemetrySchema,
  wakeSchema,
} from './agent-schemas.ts';
import { readEventStream } from './event-stream.ts';
import { emptySample, readSample } from './sample.ts';

const DEADLINE_MS = 10_000;
/** The agent first asks its machine what speaks against it, which may take ten seconds. */
const POWER_DEADLINE_MS = 20_000;
/** Its service ends the models first. */
const RESTART_DEADLINE_MS = 120_000;
const MAX_BYTES = 1024 * 1024;
const CONNECT_MS = 10_000;
/** It speaks each second. */
const SILENCE_MS = 15_000;
const RELAY_PORT = '9753';

interface Question {
  method?: HttpRequest['method'];
  path: string;
  body?: object;
  deadlineMs?: number;
  fresh?: boolean;
}

export interface AgentLinkOptions {
  http: Http;
  /** Base URL. */
  url: string;
  token: string | null;
  /** How long a stream may be silent, milliseconds. */
  silenceMs?: number;
}

export const createConnectAgent =
  ({ http }: { http: Http }): ConnectAgent =>
  ({ url, token }) =>
    createAgentLink({ http, url, token });

export function createAgentLink({ http, url, token, silenceMs = SILENCE_MS }: AgentLinkOptions): AgentLink {
  const base = url.replace(/\/+$/, '');
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };

  async function send({ path, body, ...rest }: Question, signal: AbortSignal, to = base): Promise<HttpReply> {
    try {
      return await http.request({
        method: rest.method ?? 'GET',
        url: to + path,
        headers,
        deadlineMs: rest.deadlineMs ?? DEADLINE_MS,
        maxBytes: MAX_BYTES,
        signal,
        ...(rest.fresh ? { fresh: true } : {}),
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      throw toLinkError(error, path);
    }
  }

  async function ask<Schema extends z.ZodType>(
    schema: Schema,
    question: Question,
    signal: AbortSignal,
  ): Promise<z.output<Schema>> {
    return readReply(schema, await send(question, signal), question.path);
  }

  /** A relay commonly has a port of its own on the same machine. */
  async function sendWake(mac: string, signal: AbortSignal): Promise<HttpReply> {
    const question: Question = { method: 'POST', path: '/wake', body: { mac } };
    const reply = await send(question, signal);
    if (reply.status !== 404) return reply;
    const relay = new URL(base);
    if (relay.port === RELAY_PORT) return reply;
    relay.port = RELAY_PORT;
    return send(question, signal, relay.href.replace(/\/+$/, ''));
  }

  const lease = (id: string) => `/v1/leases/${encodeURIComponent(id)}`;
  const policyPath = (panelId: string) => `/v1/policies/${encodeURIComponent(panelId)}`;

  return {
    url,
    health: (signal) => ask(healthSchema, { path: '/health', fresh: true }, signal),
    async pair(code, panel, signal) {
      const question: Question = { method: 'POST', path: '/v1/pair', body: { code, panel } };
      return { token: (await ask(pairedSchema, question, signal)).token };
    },
    async machine(signal) {
      const path = '/v1/telemetry';
      const reply = await send({ path }, signal);
      const { machine } = readReply(telemetrySchema, reply, path);
      const sample = emptySample();
      const { sample: read } = parseJson(reply.text) as { sample?: unknown };
      if (!readSample(read, sample)) throw notAnAgent(path, { status: reply.status });
      return { machine, sample };
    },
    watch(listener, signal) {
      const path = '/v1/telemetry/stream';
      const sample = emptySample();
      return readEventStream({
        url: base + path,
        headers,
        signal,
        connectMs: CONNECT_MS,
        silenceMs,
        onEvent(event, data) {
          if (event === 'sample') {
            if (!readSample(parseJson(data), sample)) throw notAnAgent(path, { answer: data });
            listener.sample(sample);
          } else if (event === 'machine') {
            const machine = machineSchema.safeParse(parseJson(data));
            if (!machine.success) throw notAnAgent(path, { answer: data });
            listener.machine(machine.data);
          } else if (event === 'news') listener.news?.();
        },
      });
    },
    leases: (signal) => ask(leasesSchema, { path: '/v1/leases' }, signal),
    async putLease({ id, ...body }, signal) {
      await ask(heldSchema, { method: 'PUT', path: lease(id), body }, signal);
    },
    async endLease(id, signal) {
      await orGone(ask(endedSchema, { method: 'DELETE', path: lease(id) }, signal));
    },
    putPolicy: (panelId, policy, signal) =>
      ask(policyViewSchema, { method: 'PUT', path: policyPath(panelId), body: policy }, signal),
    async removePolicy(panelId, signal) {
      await orGone(ask(policyViewSchema, { method: 'DELETE', path: policyPath(panelId) }, signal));
    },
    policy: (signal) => ask(policyViewSchema, { path: '/v1/policy', deadlineMs: POWER_DEADLINE_MS }, signal),
    woken: (bootId, by, signal) =>
      ask(policyViewSchema, { method: 'PUT', path: '/v1/woken', body: { bootId, by } }, signal),
    power: (signal) => ask(powerSchema, { path: '/v1/power' }, signal),
    powerOff: (request, signal) =>
      ask(
        powerSchema,
        { method: 'POST', path: '/v1/power', body: request, deadlineMs: POWER_DEADLINE_MS },
        signal,
      ),
    cancelPowerOff: (by, signal) =>
      ask(powerSchema, { method: 'POST', path: '/v1/power/cancel', body: { by } }, signal),
    async wake(mac, signal) {
      const reply = await sendWake(mac, signal);
      const answer = wakeSchema.safeParse(parseJson(reply.text));
      if (answer.success && answer.data.success && reply.status < 300) return;
      if (!answer.success)
        throw reply.status < 300
          ? notAnAgent('/wake', { status: reply.status, answer: reply.text })
          : toAgentError(reply, '/wake');
      const refusal = reply.status < 300 ? null : toAgentError(reply, '/wake');
      if (refusal?.code === 'AGENT_REFUSED') throw refusal;
      throw new PilotlightError('RELAY_FAILED', {
        ...(answer.data.message === '' ? {} : { message: `The relay says: ${answer.data.message}` }),
        details: { status: reply.status },
      });
    },
    async restartOllama(signal) {
      const question: Question = {
        method: 'POST',
        path: '/v1/ollama/restart',
        body: {},
        deadlineMs: RESTART_DEADLINE_MS,
      };
      await ask(restartedSchema, question, signal);
    },
  };
}

function readReply<Schema extends z.ZodType>(
  schema: Schema,
  reply: HttpReply,
  path: string,
): z.output<Schema> {
  if (reply.status < 200 || reply.status > 299) throw toAgentError(reply, path);
  const parsed = schema.safeParse(parseJson(reply.text));
  if (!parsed.success) throw notAnAgent(path, { status: reply.status, answer: reply.text });
  return parsed.data;
}

/** What is not there any more need not be ended. */
async function orGone(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    if (!(isPilotlightError(error) && error.details?.code === 'NOT_FOUND')) throw error;
  }
}
