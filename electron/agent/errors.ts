/**
 * What the agent answers when it does not do something. It has its own small catalogue in the wire shape of
 * shared/contract/errors.ts, because that one brings a schema library the size of the whole agent.
 */
const catalogue = {
  BAD_CONFIG: [500, 'The agent’s configuration has mistakes.', 'Correct what is named and start it again.'],
  BAD_REQUEST: [400, 'The request is not what this expects.', 'Correct the named fields and send it again.'],
  BAD_JSON: [400, 'The body is not JSON.', 'Send a JSON object.'],
  BODY_TOO_LARGE: [413, 'The body is too large.', 'Send at most 64 kB.'],
  HEADERS_TOO_LARGE: [431, 'The headers are too large.', 'Send fewer or shorter headers.'],
  TOO_SLOW: [408, 'The request took too long to arrive.', 'Send it again, at once.'],
  UNAUTHORIZED: [401, 'This needs the agent’s token.', 'Pair the panel with it: run agent.mjs pair there.'],
  SLOW_DOWN: [
    429,
    'Too many wrong tokens or codes came from this address.',
    'Wait the seconds in Retry-After, then use the right one.',
  ],
  BROWSER_REFUSED: [403, 'A web page may not do this.', 'Use the panel, or a program with the token.'],
  PAIRING_CLOSED: [403, 'No pairing is open, or this code is wrong.', 'Run agent.mjs pair on that machine.'],
  NOT_FOUND: [404, 'There is no such thing here.', 'Look at the list in the guide.'],
  METHOD_NOT_ALLOWED: [405, 'This path does not take that method.', 'Use one of those in Allow.'],
  BAD_MAC: [400, 'This is not a MAC address.', 'Write six pairs of hex digits, like AA:BB:CC:DD:EE:FF.'],
  NO_MAC: [
    400,
    'It is not said which machine to wake.',
    'Send {"mac": …}, or start the agent with --allow-mac.',
  ],
  MAC_NOT_ALLOWED: [
    403,
    'This relay may not wake that machine.',
    'Add its MAC address with --allow-mac, if it should.',
  ],
  WAKE_NOT_SENT: [
    502,
    'No wake packet could be sent.',
    'Look at the reasons; check the network of the relay.',
  ],
  LEASE_OF_ANOTHER: [409, 'This lease belongs to another holder.', 'Use another id for yours.'],
  TOO_MANY_LEASES: [409, 'The agent holds as many leases as it can.', 'End some that are not needed.'],
  TOO_MANY_POLICIES: [
    409,
    'The agent holds as many policies as it can.',
    'Remove those of panels that are gone.',
  ],
  TOO_MANY_CONNECTIONS: [
    503,
    'Too many connections are open, from this address or in total.',
    'Close unused ones, and try again in a few seconds.',
  ],
  TOO_MANY_SUBSCRIBERS: [503, 'Too many listen to this agent.', 'Close another panel, or try later.'],
  IN_USE: [409, 'This machine is in use.', 'Wait, or force it.'],
  POWER_ACTION_RUNNING: [409, 'Another power action is under way.', 'Cancel it, or wait for its end.'],
  NO_LONGER_WANTED: [409, 'Its policy no longer powers this machine off.', 'Nothing to do.'],
  NOT_PERMITTED: [
    403,
    'The system does not let the agent do this.',
    'Reinstall the agent on that machine, or set a command for it in its config file.',
  ],
  POWER_COMMAND_FAILED: [
    502,
    'The command for this power action failed.',
    'Check the message, then try the action on that machine itself.',
  ],
  SLEEP_NOT_BLOCKED: [
    502,
    'A lease needs this machine, but its system may still put it to sleep.',
    'Reinstall the agent on that machine, or set commands.inhibit in its config file.',
  ],
  NO_COUNTDOWN: [409, 'There is no countdown to cancel.', 'Nothing is to be done.'],
  NOT_ALLOWED: [
    403,
    'This agent may not restart Ollama.',
    'Start it with --restart-ollama, or install it again with that.',
  ],
  OLLAMA_NOT_RESTARTED: [
    502,
    'Ollama could not be restarted.',
    'Look at the reason, and restart it by hand.',
  ],
  NOT_SUPPORTED: [501, 'This system cannot do that.', 'Choose another action, or name a command for it.'],
  BOOT_CHANGED: [409, 'This machine has started again since then.', 'Read its boot id again.'],
  DISK_TROUBLE: [
    507,
    'It could not be written to the disk; nothing was changed.',
    'Free space, then try again.',
  ],
  PORT_TAKEN: [500, 'The port is in use by another program.', 'End that one, or give another --port.'],
  CANNOT_BIND: [500, 'The agent cannot listen at this address.', 'Give a --bind address of this machine.'],
  NOT_RUNNING: [503, 'No agent runs here.', 'Start it, or name its folder with --data.'],
  INSTALL_FAILED: [500, 'The agent could not be installed.', 'Mend what is named, then run it again.'],
  INTERNAL: [
    500,
    'Something went wrong inside the agent.',
    'Try again; if it stays, report it with the log.',
  ],
} as const satisfies Record<string, readonly [status: number, message: string, next: string]>;

export type AgentErrorCode = keyof typeof catalogue;

export const isAgentErrorCode = (code: string): code is AgentErrorCode => Object.hasOwn(catalogue, code);

export interface AgentErrorOptions {
  message?: string;
  next?: string;
  details?: Record<string, unknown>;
  headers?: Record<string, string>;
  cause?: unknown;
}

export class AgentError extends Error {
  readonly code: AgentErrorCode;
  readonly status: number;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;
  readonly headers: Record<string, string>;

  constructor(code: AgentErrorCode, options: AgentErrorOptions = {}) {
    const [status, message, next] = catalogue[code];
    super(options.message ?? message, { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.status = status;
    this.next = options.next ?? next;
    this.details = options.details;
    this.headers = options.headers ?? {};
  }

  /** `{error: {code, message, next, details?}}` */
  toBody(): Record<string, unknown> {
    const { code, message, next, details } = this;
    return { error: { code, message, next, ...(details === undefined ? {} : { details }) } };
  }
}

export function toAgentError(error: unknown): AgentError {
  return error instanceof AgentError ? error : new AgentError('INTERNAL', { cause: error });
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
