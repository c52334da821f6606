/** One agent over HTTP: requests, and the stream of its samples. */
import {
  agentProtocol,
  formatProtocol,
  PROTOCOL_HEADER,
  unsaidProtocol,
} from '../../../shared/contract/agent/protocol.ts';
import { type AgentEventName, machineSchema } from '../../../shared/contract/agent/telemetry.ts';
import {
  type AgentEndpoint,
  type AnswerRead,
  agentApi,
  agentPath,
  agentStream,
  DEFAULT_RELAY_PORT,
} from '../../../shared/contract/agent.ts';
import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { parseAnswer } from '../../../shared/json.ts';
import type { AgentLink, ConnectAgent } from '../../core/ports/agents.ts';
import type { Http, HttpReply } from '../../core/ports/network.ts';
import { notAnAgent, toAgentError, toLinkError } from './agent-errors.ts';
import { readLeases, readPolicyView } from './agent-views.ts';
import { readEventStream } from './event-stream.ts';
import { emptySample, readSample } from './sample.ts';

const DEADLINE_MS = 10_000;
/** The agent first collects reasons against it, which may take ten seconds. */
const POWER_DEADLINE_MS = 20_000;
/** Ollama's service ends its models first. */
const RESTART_DEADLINE_MS = 120_000;
/** The agent verifies the whole file with its last part, and again before it starts it. */
const PART_DEADLINE_MS = 60_000;
const MAX_BYTES = 1024 * 1024;
const CONNECT_MS = 10_000;
/** A sample arrives every second. */
const SILENCE_MS = 15_000;

interface Question {
  /** The lease or panel in the path. */
  id?: string;
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
  const headers: Record<string, string> = {
    [PROTOCOL_HEADER]: formatProtocol(agentProtocol),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };

  async function send(
    endpoint: AgentEndpoint,
    { id, body, deadlineMs = DEADLINE_MS, fresh = false }: Question,
    signal: AbortSignal,
    to = base,
  ): Promise<HttpReply> {
    const path = agentPath(endpoint, id);
    try {
      return await http.request({
        method: endpoint.method,
        url: to + path,
        headers,
        deadlineMs,
        maxBytes: MAX_BYTES,
        signal,
        ...(fresh ? { fresh } : {}),
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      throw toLinkError(error, path);
    }
  }

  async function ask<Endpoint extends AgentEndpoint>(
    endpoint: Endpoint,
    question: Question,
    signal: AbortSignal,
  ): Promise<AnswerRead<Endpoint>> {
    const path = agentPath(endpoint, question.id);
    return readReply(endpoint, await send(endpoint, question, signal), { path, url: base });
  }

  /** A relay often has its own port on the same machine. */
  async function sendWake(mac: string, signal: AbortSignal): Promise<HttpReply> {
    const question = { body: { mac } };
    const reply = await send(agentApi.wake, question, signal);
    if (reply.status !== 404) return reply;
    const relay = new URL(base);
    if (relay.port === String(DEFAULT_RELAY_PORT)) return reply;
    relay.port = String(DEFAULT_RELAY_PORT);
    return send(agentApi.wake, question, signal, relay.href.replace(/\/+$/, ''));
  }

  return {
    url,
    async health(signal) {
      const { id, version, roles, protocol } = await ask(agentApi.health, { fresh: true }, signal);
      return { id, version, roles, protocol: protocol ?? unsaidProtocol };
    },
    async pair(code, panel, signal) {
      return { token: (await ask(agentApi.pair, { body: { code, panel } }, signal)).token };
    },
    async machine(signal) {
      const { path } = agentApi.telemetry;
      const reply = await send(agentApi.telemetry, {}, signal);
      const { machine, sample: sent } = readReply(agentApi.telemetry, reply, { path, url: base });
      const sample = emptySample();
      if (!readSample(sent, sample)) throw notAnAgent(path, { status: reply.status });
      return { machine, sample };
    },
    watch(listener, signal) {
      const { path } = agentStream;
      const sample = emptySample();
      return readEventStream({
        http,
        url: base + path,
        headers,
        signal,
        connectMs: CONNECT_MS,
        silenceMs,
        onEvent(event, data) {
          const name = event as AgentEventName;
          if (name === 'sample') {
            if (!readSample(parseAnswer(data), sample)) throw notAnAgent(path, { answer: data });
            listener.sample(sample);
          } else if (name === 'machine') {
            const machine = machineSchema.safeParse(parseAnswer(data));
            if (!machine.success) throw notAnAgent(path, { answer: data });
            listener.machine(machine.data);
          } else if (name === 'news') listener.news?.();
        },
      });
    },
    leases: async (signal) => readLeases(await ask(agentApi.leases, {}, signal)),
    async putLease({ id, ...body }, signal) {
      await ask(agentApi.putLease, { id, body }, signal);
    },
    async endLease(id, signal) {
      await ignoreMissing(ask(agentApi.endLease, { id }, signal));
    },
    async traffic(signal) {
      const answer = await orMissing(ask(agentApi.traffic, {}, signal));
      return answer?.traffic ?? null;
    },
    async putTraffic(id, body, signal) {
      return (await orMissing(ask(agentApi.putTraffic, { id, body }, signal))) !== null;
    },
    putPolicy: async (id, body, signal) =>
      readPolicyView(await ask(agentApi.putPolicy, { id, body }, signal)),
    async removePolicy(id, signal) {
      await ignoreMissing(ask(agentApi.removePolicy, { id }, signal));
    },
    policy: async (signal) =>
      readPolicyView(await ask(agentApi.policy, { deadlineMs: POWER_DEADLINE_MS }, signal)),
    woken: async (bootId, by, signal) =>
      readPolicyView(await ask(agentApi.woken, { body: { bootId, by } }, signal)),
    power: (signal) => ask(agentApi.power, {}, signal),
    powerOff: (body, signal) => ask(agentApi.powerOff, { body, deadlineMs: POWER_DEADLINE_MS }, signal),
    cancelPowerOff: (by, signal) => ask(agentApi.cancelPowerOff, { body: { by } }, signal),
    async wake(mac, signal) {
      const reply = await sendWake(mac, signal);
      const { path, answer: schema } = agentApi.wake;
      const answer = schema.safeParse(parseAnswer(reply.text));
      if (answer.success && answer.data.success && reply.status < 300) return;
      if (!answer.success)
        throw reply.status < 300
          ? notAnAgent(path, { status: reply.status, answer: reply.text })
          : toAgentError(reply, path, base);
      const refusal = reply.status < 300 ? null : toAgentError(reply, path, base);
      if (refusal?.code === 'AGENT_REFUSED') throw refusal;
      throw new PilotlightError('RELAY_FAILED', {
        ...(answer.data.message === '' ? {} : { message: `The relay says: ${answer.data.message}` }),
        details: { status: reply.status },
      });
    },
    async restartOllama(signal) {
      await ask(agentApi.restartOllama, { body: {}, deadlineMs: RESTART_DEADLINE_MS }, signal);
    },
    update: (signal) => orNoPath(ask(agentApi.update, {}, signal)),
    // Nothing else of a release: requests are strict.
    offerUpdate: ({ manifest, signature }, signal) =>
      ask(agentApi.offerUpdate, { body: { manifest, signature } }, signal),
    putUpdatePart: (from, body, signal) => {
      const question = { id: String(from), body, deadlineMs: PART_DEADLINE_MS };
      return ask(agentApi.putUpdatePart, question, signal);
    },
    startUpdate: (version, by, signal) =>
      ask(agentApi.startUpdate, { body: { version, by }, deadlineMs: PART_DEADLINE_MS }, signal),
    dropUpdate: (signal) => ask(agentApi.dropUpdate, {}, signal),
  };
}

function readReply<Endpoint extends AgentEndpoint>(
  { answer }: Endpoint,
  reply: HttpReply,
  { path, url }: { path: string; url: string },
): AnswerRead<Endpoint> {
  if (reply.status < 200 || reply.status > 299) throw toAgentError(reply, path, url);
  const parsed = answer.safeParse(parseAnswer(reply.text));
  if (!parsed.success) throw notAnAgent(path, { status: reply.status, answer: reply.text });
  return parsed.data as AnswerRead<Endpoint>;
}

/** What no longer exists need not be ended. */
async function ignoreMissing(asked: Promise<unknown>): Promise<void> {
  await orMissing(asked);
}

/** null if the agent is too old to have the path. */
async function orNoPath<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (isPilotlightError(error) && error.details?.code === 'NO_SUCH_PATH') return null;
    throw error;
  }
}

/** null if the agent does not have what was asked for. */
async function orMissing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    const code = isPilotlightError(error) ? error.details?.code : null;
    // An older agent may not even have the path.
    if (code === 'NOT_FOUND' || code === 'NO_SUCH_PATH') return null;
    throw error;
  }
}
