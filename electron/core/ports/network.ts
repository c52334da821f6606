/** The network: HTTP, datagrams, and what is around. */

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON when it is an object, as it is when it is a string. */
  body?: object | string;
  /** Whole-exchange limit in milliseconds; `null` for none (a load can take minutes). */
  deadlineMs: number | null;
  /** The response is cut off with RESPONSE_TOO_LARGE past this size. Default 16 MiB. */
  maxBytes?: number;
  /** A connection of its own, closed afterwards: what it finds out is true of the host now. Default false. */
  fresh?: boolean;
  signal?: AbortSignal;
}

export interface HttpReply {
  status: number;
  headers: Record<string, string>;
  text: string;
}

export interface HttpStreamRequest extends Omit<HttpRequest, 'deadlineMs' | 'maxBytes'> {
  /** Limit for the response's status and headers to arrive, milliseconds; `null` for none. */
  headersMs: number | null;
  /** Limit for each chunk of the body to arrive once it is asked for, milliseconds; `null` for none. */
  idleMs: number | null;
}

export interface HttpStream {
  status: number;
  headers: Record<string, string>;
  /**
   * The chunks of the body, to be iterated once. The server is read no faster than the iterator, with one chunk and
   * the system's socket buffers ahead of it. Rejects when the body is incomplete: HOST_UNREACHABLE, HOST_TIMEOUT,
   * NOT_AN_INFERENCE_SERVER for broken framing, or the signal's reason. A body that nobody starts to read is dropped
   * after a minute, then rejects with CANCELLED.
   */
  body: AsyncIterableIterator<Uint8Array, undefined>;
  /** Closes the connection, unless the body was read to its end. Leaving a `for await` loop does the same. */
  close(): void;
}

/**
 * A small HTTP client. Rejects with a PilotlightError: HOST_UNREACHABLE (refused, no route, reset), NAME_NOT_RESOLVED,
 * HOST_TIMEOUT, RESPONSE_TOO_LARGE, or the signal's reason when aborted.
 */
export interface Http {
  /** The whole response, as text. */
  request(request: HttpRequest): Promise<HttpReply>;
  /** Resolves with the status and headers; the body follows as a stream. Whoever opens one reads it or closes it. */
  open(request: HttpStreamRequest): Promise<HttpStream>;
}

export interface NetworkInterface {
  name: string;
  address: string;
  netmask: string;
  internal: boolean;
}

export interface Udp {
  /** Sends one datagram; allows broadcast. Rejects when the system refuses it. */
  send(payload: Uint8Array, port: number, address: string): Promise<void>;
  /** IPv4 interfaces of this computer; injected in tests. */
  interfaces(): NetworkInterface[];
  /** The wake packet for a checked MAC address, with a SecureOn password where there is one. */
  magicPacket(mac: string, secureOn: string | null): Uint8Array;
}

/** Looking around; nothing of it runs before a person asks. */
export interface Surroundings {
  /** The system's own table: addresses that were spoken with lately. Rejects where it cannot be read. */
  neighbours(signal: AbortSignal): Promise<{ address: string; mac: string }[]>;
  /**
   * Asks for agents that announce themselves in the networks of these addresses of ours, until the signal aborts or
   * none can be asked; each once. Resolves with the interfaces that could not be asked, and why.
   */
  announced(
    options: { interfaces: readonly string[] },
    onFound: (agent: { address: string; port: number; name: string; txt: Record<string, string> }) => void,
    signal: AbortSignal,
  ): Promise<{ interface: string; reason: string }[]>;
  /** Whether something accepts a TCP connection there in time. */
  accepts(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** IPv4 addresses of a name, none where it has only others; rejects with NAME_NOT_RESOLVED. */
  resolve(name: string, signal: AbortSignal): Promise<string[]>;
}

/** A small listener to which agents say that they are awake; nothing listens while it is closed. */
export interface HelloListener {
  /** Opens it, or opens it anew on another port. Rejects with PORT_IN_USE. */
  open(
    port: number,
    onHello: (hello: { agent: string; bootId: string; nonce: string; proof: string }) => void,
  ): Promise<void>;
  close(): Promise<void>;
}
