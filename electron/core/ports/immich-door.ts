/** The door for Immich, and what it needs to know of the runners behind it. A core and an agent each have their own. */

export interface PredictNeed {
  kind: 'text' | 'picture';
  /** Graphs of Immich's model folder, each as `clip/ViT-B-32__openai/visual`. */
  graphs: readonly string[];
}

/** A runner that serves now and has the graphs. */
export interface PredictPlace {
  id: string;
  name: string;
  /** On the door's own machine. */
  here: boolean;
  /** It works on a CPU, although a GPU elsewhere has the graphs. */
  fallback: boolean;
  url: string;
  token: string | null;
  /** Counts a request there, and keeps its machine awake, until disposed. */
  begin(): Disposable;
  /** How a request ended there; not called for one whose client left. */
  ended(ok: boolean): void;
}

export interface DoorBackend {
  /** Best first. */
  places(need: PredictNeed): readonly PredictPlace[];
  /** Machines that would, or may, serve it after a wake, best first. One that is waking or starting is among them. */
  sleepers(need: PredictNeed): readonly { id: string; name: string }[];
  /** Graphs that no runner has. Empty while that is not known. */
  missing(need: PredictNeed): readonly string[];
  /**
   * Wakes it, and resolves when its runner serves. It stays awake until the result is disposed. Rejects with why it does
   * not wake; the message is for a person.
   */
  wake(id: string, signal: AbortSignal): Promise<Disposable>;
  /** The runners may have changed. Returns how to stop. */
  onChange(listener: () => void): () => void;
}

export interface DoorState {
  /** Requests that wait for a machine, and requests that a runner works on. */
  held: number;
  working: number;
  /** Bytes of the requests in memory. */
  bytes: number;
  lastWake: DoorWake | null;
}

export interface DoorWake {
  nodeId: string;
  name: string;
  /** Milliseconds since the epoch. */
  at: number;
  outcome: 'running' | 'awake' | 'failed' | 'abandoned';
  /** Why it failed. */
  reason: string | null;
}

export interface DoorRules {
  /** How long a request may wait for a machine. */
  holdMs: number;
  cpuMeanwhile: boolean;
  budgetBytes: number;
  /** Addresses and networks besides this machine; null for everyone. */
  allowed: readonly string[] | null;
  /** Where requests for text in pictures go, which no runner reads; null refuses them. */
  ocrUrl: string | null;
}

export interface OpenDoor {
  port: number;
  state(): DoorState;
  /** Requests in progress are answered until the grace is over. */
  close(): Promise<void>;
}

export type OpenImmichDoor = (options: {
  listen: { host: string; port: number };
  /** Read for each request, so that changes apply at once. */
  rules(): DoorRules;
  backend: DoorBackend;
  onChange(): void;
  /** A graph that no runner has; called once for each. */
  onMissing(graph: string): void;
  onWake(wake: DoorWake): void;
}) => Promise<OpenDoor>;
