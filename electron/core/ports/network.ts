/** The network: HTTP, datagrams, and discovery. */
import type { Message } from '../../../shared/models/message.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  url: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON; a string and bytes unchanged. */
  body?: object | string;
  /** Messages to add to a JSON body as English text. */
  texts?: Readonly<Record<string, Message>>;
  /** Whole-exchange limit in milliseconds; `null` for none until the answer begins (a load can take minutes). */
  deadlineMs: number | null;
  /** The response is refused with RESPONSE_TOO_LARGE past this size. Default 2 MiB. */
  maxBytes?: number;
  /** Use a new connection and close it afterwards, so that the result reflects the host now. Default false. */
  fresh?: boolean;
  /**
   * Asked for each address that the host's name leads to, before a connection is made: with an error the request is
   * rejected. A host that is an address is not asked about. Uses a new connection.
   */
  refuse?(address: string): Error | null;
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
   * NOT_AN_INFERENCE_SERVER for broken framing, or the signal's reason. A body that is not read is dropped after a minute and
   * then rejects with CANCELLED.
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
  /** Resolves with the status and headers; the body follows as a stream. The caller must read or close it. */
  open(request: HttpStreamRequest): Promise<HttpStream>;
}

/**
 * Opens a TCP connection to the server of a URL and keeps it without sending anything. Resolves when the other side
 * closes it, which a server does when its process ends. Rejects like `Http` if it cannot be opened, or with the
 * signal's reason. `onOpen` is called when it is open.
 */
export type HoldConnection = (url: string, signal: AbortSignal, onOpen?: () => void) => Promise<void>;

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
  /** The wake packet for a valid MAC address, with the SecureOn password if there is one. */
  magicPacket(mac: string, secureOn: string | null): Uint8Array;
}

/** Discovery; nothing runs until a person asks for it. */
export interface Surroundings {
  /** The system's neighbour table: addresses contacted recently. Rejects if it cannot be read. */
  neighbours(signal: AbortSignal): Promise<{ address: string; mac: string }[]>;
  /**
   * Queries the networks of these local addresses for announced agents until the signal aborts or no network can be
   * queried; reports each agent once. Resolves with the interfaces that could not be queried, and why.
   */
  announced(
    options: { interfaces: readonly string[] },
    onFound: (agent: { address: string; port: number; name: string; txt: Record<string, string> }) => void,
    signal: AbortSignal,
  ): Promise<{ interface: string; reason: string }[]>;
  /** Whether something accepts a TCP connection within the timeout. */
  accepts(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
  /** IPv4 addresses of a name; empty if it has none. Rejects with NAME_NOT_RESOLVED. */
  resolve(name: string, signal: AbortSignal): Promise<string[]>;
}

/** A listener to which agents announce that they are awake. */
export interface AnnouncementListener {
  /** Opens it, or reopens it on another port. Rejects with PORT_IN_USE. */
  open(
    port: number,
    onAnnouncement: (announcement: { agent: string; bootId: string; nonce: string; proof: string }) => void,
  ): Promise<void>;
  close(): Promise<void>;
}
