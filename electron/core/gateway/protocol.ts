/** The messages between the core and the gateway's process, in the form of every worker (adapters/processes). */
import type { Message } from '../../../shared/models/message.ts';
import type { DoorReason, FinishedRequest, GatewayTable, LiveRequest, NodeTraffic } from './model.ts';

export interface GatewayAddress {
  host: string;
  /** 0 takes a free one. */
  port: number;
}

/** What the table cannot answer. Requests wait until the core answers it. */
export interface GatewayAsk {
  /** Unique within this process. */
  id: number;
  /** One of these machines is needed awake. */
  kind: 'wake';
  /** As the program named it. */
  model: string;
  nodeIds: readonly string[];
  /** Key that was used; null for none. */
  credentialId: string | null;
  /** As the program names itself; null if it does not. */
  program: string | null;
  /** The table says that it serves, but it did not accept a connection just now. */
  unreachable: boolean;
}

export type AskAnswer =
  /** The table that was pushed before says so, too. */
  | { outcome: 'ready'; nodeId: string }
  /** `code` is one of the catalogue of errors; `message` is null for its own text. */
  | { outcome: 'failed'; code: string; message: Message | null };

/** Something that a person should know, and the process alone can see. */
export type GatewayNotice =
  /** A program asks for another context than others do, so the model is loaded again and again. */
  | {
      kind: 'context-thrash';
      nodeId: string;
      model: string;
      program: string | null;
      credentialId: string | null;
      contextLength: number | null;
      otherContextLength: number | null;
      reloads: number;
    }
  /** A program asks again and again without waiting, and is kept back now. */
  | {
      kind: 'retry-loop';
      model: string;
      program: string | null;
      credentialId: string | null;
      requests: number;
    };

export interface PromptsKept {
  /** Milliseconds since the epoch; null while no prompt is kept. */
  until: number | null;
  count: number;
}

export interface KeptPrompt {
  text: string;
  /** Of the whole body. */
  bytes: number;
  truncated: boolean;
}

export type GatewayEvent =
  /** At most every 250 ms while requests end; at most 1,000 are kept while no core is connected. */
  | {
      kind: 'finished';
      requests: readonly FinishedRequest[];
      dropped: number;
      /** How many were turned away since the last report, by reason; left out for none. */
      turnedAway?: readonly (readonly [reason: DoorReason, count: number])[];
    }
  /** Requests in progress that live longer than the time between two reports; again when something of them changed. */
  | { kind: 'live'; requests: readonly LiveRequest[] }
  /** Once a second while requests wait, and once when none does any more: how many by canonical model. */
  | { kind: 'waiting'; models: readonly (readonly [model: string, count: number])[] }
  /** Prompts are not kept any more, because the time was over. */
  | { kind: 'prompts-dropped' }
  /** Nodes whose traffic or breaker changed; before it, a node has none. */
  | { kind: 'traffic'; nodes: readonly NodeTraffic[] }
  /** A credential was used. */
  | { kind: 'used'; credentialIds: readonly string[] }
  /** Sent again to each new core until it is answered. */
  | { kind: 'ask'; ask: GatewayAsk }
  /** Nobody waits for these asks any more. */
  | { kind: 'withdrawn'; askIds: readonly number[] }
  | { kind: 'noticed'; notice: GatewayNotice };

type FinishedEvent = Extract<GatewayEvent, { kind: 'finished' }>;

/** Events as they are sent: finished requests are packed, see packed.ts. */
export type SentEvent =
  | Exclude<GatewayEvent, FinishedEvent>
  | (Omit<FinishedEvent, 'requests'> & { packed: string });

export interface GatewayContract {
  config: {
    /** The core's epoch, for logs. */
    core: string;
  };
  calls: {
    /** Resolves when every request from now on is routed by it, and the traffic before it was reported. */
    'table.set': { params: GatewayTable; result: { version: number } };
    /** Opens the listener; replaces an open one if the address differs. Rejects with PORT_IN_USE or the system's error. */
    listen: { params: GatewayAddress; result: { port: number } };
    /** Closes the listener; what is in flight ends. */
    close: { params: null; result: null };
    /** Resolves when what waited for it has been sent, and that traffic was reported. An unknown ask is ignored. */
    answer: { params: { askId: number; answer: AskAnswer }; result: null };
    /** Ends a request in progress; false if there is none with this id. */
    cancel: { params: { id: number }; result: { found: boolean } };
    /** For how long bodies are kept from now on; null forgets those that are kept, and keeps no more. */
    'prompts.keep': { params: { forMs: number | null }; result: PromptsKept };
    'prompts.state': { params: null; result: PromptsKept };
    /** `null` if it is not kept. */
    'prompts.read': { params: { id: number }; result: KeptPrompt | null };
    /** What a new core needs of a process that it found running. */
    resume: {
      params: null;
      result: {
        version: number;
        listening: GatewayAddress | null;
        traffic: NodeTraffic[];
        /** Tells this process from those before it. */
        instance: string;
      };
    };
  };
  progress: never;
  event: SentEvent;
}
