/**
 * The table from which the gateway's process routes, and what it reports back. Pure; the process imports it.
 *
 * The core pushes the whole table whenever it changes. The process never asks the core about a request that the table
 * answers, and its bytes never pass through the core.
 */
import type { ErrorCode } from '../../../shared/contract/errors.ts';
import type { Message } from '../../../shared/models/message.ts';
import type { ModelOnNode } from '../../../shared/models/placement.ts';
import type { KnownCredential } from '../access/check-credential.ts';
import type { Priority } from '../acquire/admission.ts';
import type { ContextRule } from '../acquire/context-guard.ts';
import type { CallKind, HoldRule } from './wake-policy.ts';

/** An API family that a server speaks. */
export type Dialect = 'ollama' | 'openai' | 'anthropic';

/** An installed model, with everything that a listing of either dialect shows. */
export interface TableModel {
  name: string;
  /** Plain hexadecimal; empty if the server reports none. */
  digest: string;
  sizeBytes: number;
  /** RFC 3339, as the server reported it; null if it did not. */
  modifiedAt: string | null;
  parentModel: string;
  format: string;
  family: string;
  families: readonly string[] | null;
  parameterSize: string;
  quantization: string;
  /** null if the server reports none. */
  capabilities: readonly string[] | null;
  contextLength: number | null;
  embeddingLength: number | null;
  /** The model runs elsewhere: requests for it leave the house. */
  cloud: boolean;
}

export type TableLoaded = Pick<
  ModelOnNode,
  'name' | 'digest' | 'sizeBytes' | 'vramBytes' | 'expiresAt' | 'contextLength' | 'gpuShare'
>;

export interface TableNode {
  id: string;
  name: string;
  /** Base URL, without a path. */
  url: string;
  dialects: readonly Dialect[];
  /** As the server last reported it; null or left out if unknown. */
  serverVersion?: string | null;
  /** Whether it answers now. Models of a node that does not are listed, and requests for them are refused. */
  serving: boolean;
  hasGpu: boolean | null;
  /** Last known ones, also while it is off. */
  installed: readonly TableModel[];
  loaded: readonly TableLoaded[];
  /** Whether the server reports where its models are loaded. */
  saysPlacement: boolean;
  vram: { totalBytes: number | null; usedBytes: number | null };
  /** Requests at once that a person set; null for no limit. */
  slots: number | null;
  /** Whether it can be woken. Left out: no. */
  canWake?: boolean;
  /** How long it takes to wake, as learned, milliseconds; null or left out if unknown. */
  usualWakeMs?: number | null;
  /** It has a GPU, but came up without it. Left out: no. */
  gpuLost?: boolean;
  /** Its server starts no more loads: only models that are loaded can be used. Left out: no. */
  wedged?: boolean;
  /** Canonical names of models that are being moved: they get no new requests. */
  moving: readonly string[];
}

/** A credential as the gateway uses it. */
export interface TableCredential extends KnownCredential {
  /** Patterns of models it may use; null for all. */
  models: readonly string[] | null;
  requestsPerMinute: number | null;
}

export interface TableSettings {
  /** Whether a client on this computer needs a key. Clients of other computers always do. */
  keyOnLoopback: boolean;
  /** Weight of the load against stickiness. */
  beta: number;
  /** Where management calls go that do not name a node; null refuses them. */
  managementNodeId: string | null;
  /** Whether models that run elsewhere, and web searches by Ollama, may be used. */
  allowCloud: boolean;
  /** Other models to use if a model has no node, in order, by canonical name. Same capabilities only. */
  fallbacks: Readonly<Record<string, readonly string[]>>;
  /** For bodies that wait or may be sent again, bytes. */
  bodyBudgetBytes: number;
}

/** What wakes a machine, what waits, and for how long. */
export interface TableHolding {
  rules: readonly HoldRule[];
  /** The calls that may wake a machine. Others, and every listing, never do. */
  mayWake: readonly CallKind[];
  /** Requests that may wait for one model. */
  queueLimit: number;
  /** How long a request may wait for a machine that is awake, milliseconds. */
  maxWaitMs: number;
  contextRules: readonly ContextRule[];
}

export interface GatewayTable {
  /** Rises with each change. An older table than the present one is ignored. */
  version: number;
  nodes: readonly TableNode[];
  credentials: readonly TableCredential[];
  settings: TableSettings;
  /** Left out: no request waits, and none wakes a machine. */
  holding?: TableHolding;
}

/**
 * How a request ended.
 * - `completed`: the upstream said that it was done (`done:true`, `[DONE]`, or a whole answer that is not streamed)
 * - `refused`: the gateway answered it with an error before any node was asked
 * - `rejected`: a node answered with a status of 400 or higher that is the request's own fault
 * - `failed`: no node answered it completely
 * - `cancelled`: its client went away
 */
export type RequestOutcome = 'completed' | 'refused' | 'rejected' | 'failed' | 'cancelled';

/** What happened to a request besides its arrival, its first byte and its end; see RequestStep in shared/models. */
export interface StepTaken {
  /** Milliseconds since its arrival. */
  afterMs: number;
  kind: 'waking' | 'queued' | 'sent' | 'tried' | 'split';
  nodeId: string | null;
  code: string | null;
}

/** What is known of a request at any time. It contains nothing of what was asked or answered. */
export interface RequestFacts {
  /** Unique within this process. */
  id: number;
  /** Milliseconds since the epoch. */
  at: number;
  dialect: Dialect;
  method: string;
  /** Without key, node and query, such as `/api/chat`. */
  path: string;
  /** As the client named it; null if it named none. */
  model: string | null;
  nodeId: string | null;
  /** Key or session that was used; null for none. */
  credentialId: string | null;
  /** Why this node; null while it has none. */
  why: Message | null;
  /** Model that was used instead; null if none was. */
  fallback: string | null;
  /** Nodes tried before. */
  retries: number;
  /** As the program names itself; null if it does not. */
  program: string | null;
  /** How important it was; null if it did not come so far. */
  priority: Priority | null;
  /** How long it waited for a machine or for its turn, milliseconds; 0 if it did not. */
  heldMs: number;
  /** `num_ctx` that it was sent with instead of its own; null if that was left alone. */
  contextLength: number | null;
  /** From the arrival of the request's headers until the first byte of the answer's body; null if none was sent. */
  firstByteMs: number | null;
  /** In order. */
  steps: readonly StepTaken[];
  hasPrompt: boolean;
}

/** One finished request. */
export interface FinishedRequest extends RequestFacts {
  outcome: RequestOutcome;
  /** Sent to the client; null if it went away before. */
  status: number | null;
  /** Code of the error, if any. */
  code: string | null;
  /** What was wrong, if that is more than the text of the code. */
  message: Message | null;
  durationMs: number;
  bytesIn: number;
  bytesOut: number;
  /** As the server reported them. */
  inputTokens: number | null;
  outputTokens: number | null;
  /** How long the server loaded the model for it, milliseconds; null if it did not say. */
  loadMs: number | null;
  /** It chose the layers on the GPU itself (`options.num_gpu`). Left out for no. */
  placesModel?: boolean;
  /** How long the server worked on its output, milliseconds; null if it did not say. */
  outputMs: number | null;
}

/** One request in progress. */
export interface LiveRequest extends RequestFacts {
  state: 'arriving' | 'waking' | 'queued' | 'sent' | 'answering';
  /** Place in its queue, from 1; null if it does not wait. */
  position: number | null;
  /** How much longer it is expected to wait, milliseconds; null if that is unknown, or it does not wait. */
  expectedMs: number | null;
}

/** Why a connection was turned away before its request was read: the code of an error, or one of these. */
export type DoorReason = ErrorCode | 'FOREIGN_HOST' | 'NO_SUCH_PATH' | 'WRONG_METHOD';

/** The load of a node as the gateway sees it. */
export interface NodeTraffic {
  nodeId: string;
  breaker: 'closed' | 'open' | 'half-open';
  /** Canonical name, or '' for none → requests in flight. */
  inFlight: Readonly<Record<string, number>>;
  /** Requests at once that its own answers show to be its limit; left out if it was not seen to queue. */
  learnedSlots?: number;
  /**
   * Canonical name of a model → when its oldest request was sent that has no first byte yet, milliseconds since the
   * epoch. Only those older than five seconds; left out for none.
   */
  silent?: Readonly<Record<string, number>>;
}
