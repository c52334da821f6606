/**
 * The errors of an agent. The agent bundles only this file, `common.ts` and `agent-update.ts`, so it must not import the rest of the
 * catalogue or the schema of errors.
 */
import { agentUpdateErrors } from './agent-update.ts';
import { commonErrors } from './common.ts';
import type { Catalogue } from './entry.ts';

export const agentErrors = {
  ...commonErrors,
  UNAUTHORIZED: {
    ...commonErrors.UNAUTHORIZED,
    message: 'This needs the agent’s token.',
    next: 'Pair this panel with it: run agent.mjs pair on that machine.',
  },
  NOT_SUPPORTED: {
    ...commonErrors.NOT_SUPPORTED,
    next: 'Choose another action, or set a command for it.',
    status: 501,
  },
  NOT_RUNNING: {
    ...commonErrors.NOT_RUNNING,
    message: 'The agent is not running.',
    next: 'Start it, or give its folder with --data.',
  },
  INTERNAL: { ...commonErrors.INTERNAL, message: 'Something went wrong inside the agent.' },
  BAD_CONFIG: {
    message: 'The agent’s configuration has errors.',
    next: 'Correct the named settings and start it again.',
    status: 500,
  },
  BAD_JSON: { message: 'The body is not JSON.', next: 'Send a JSON object.', status: 400 },
  BODY_TOO_LARGE: { message: 'The body is too large.', next: 'Send at most 64 kB.', status: 413 },
  HEADERS_TOO_LARGE: {
    message: 'The headers are too large.',
    next: 'Send fewer or shorter headers.',
    status: 431,
  },
  TOO_SLOW: {
    message: 'The request took too long to arrive.',
    next: 'Send it again without pauses.',
    status: 408,
  },
  SLOW_DOWN: {
    message: 'Too many wrong tokens or codes from this address.',
    next: 'Wait for the seconds in Retry-After, then use the right one.',
    status: 429,
  },
  BROWSER_REFUSED: {
    message: 'Web pages may not do this.',
    next: 'Use the panel, or a program with the token.',
    status: 403,
  },
  RUNNER_PROGRAM_MISSING: {
    message: 'The program of the runner is not on this machine.',
    next: 'Start the agent from a folder of Pilotlight, or name its runner-worker.mjs with --runner-program.',
    status: 503,
  },
  WORKER_PROGRAM_MISSING: {
    message: 'The program of the worker is not on this machine.',
    next: 'Start the agent from a folder of Pilotlight, or put task-worker.mjs beside it.',
    status: 503,
  },
  RUNNER_NOT_READY: {
    message: 'The runner of this machine is not ready.',
    next: 'Send it again in a moment.',
    status: 503,
  },
  METHOD_NOT_ALLOWED: {
    message: 'This path does not support that method.',
    next: 'Use one of the methods in Allow.',
    status: 405,
  },
  ...agentUpdateErrors,
  NO_MAC: {
    message: 'The request does not say which machine to wake.',
    next: 'Send {"mac": …}, or start the agent with --allow-mac.',
    status: 400,
  },
  MAC_NOT_ALLOWED: {
    message: 'This relay may not wake that machine.',
    next: 'To allow it, add its MAC address with --allow-mac.',
    status: 403,
  },
  WAKE_NOT_SENT: {
    message: 'No wake packet could be sent.',
    next: 'Check the reasons and the network of the relay.',
    status: 502,
  },
  LEASE_OF_ANOTHER: {
    message: 'This lease belongs to another holder.',
    next: 'Use another id.',
    status: 409,
  },
  TOO_MANY_LEASES: {
    message: 'The agent cannot keep any more leases.',
    next: 'End leases that are no longer needed.',
    status: 409,
  },
  TOO_MANY_POLICIES: {
    message: 'The agent cannot keep any more policies.',
    next: 'Remove the policies of panels that are no longer used.',
    status: 409,
  },
  TOO_MANY_CONNECTIONS: {
    message: 'Too many open connections, from this address or in total.',
    next: 'Close unused connections, and try again in a few seconds.',
    status: 503,
  },
  TOO_MANY_SUBSCRIBERS: {
    message: 'Too many panels are connected to this agent.',
    next: 'Close another panel, or try again later.',
    status: 503,
  },
  NO_LONGER_WANTED: {
    message: 'Its policy no longer powers this machine off.',
    next: 'No action is needed.',
    status: 409,
  },
  NOT_PERMITTED: {
    message: 'The system does not allow the agent to do this.',
    next: 'Reinstall the agent on that machine, or set a command for it in its config file.',
    status: 403,
  },
  POWER_COMMAND_FAILED: {
    message: 'The command for this power action failed.',
    next: 'Read the message, then try the action on that machine itself.',
    status: 502,
  },
  SLEEP_NOT_BLOCKED: {
    message: 'A lease keeps this machine awake, but its system may still put it to sleep.',
    next: 'Reinstall the agent on that machine, or set commands.inhibit in its config file.',
    status: 502,
  },
  NOT_ALLOWED: {
    message: 'This agent is not allowed to restart Ollama.',
    next: 'Start or install it with --restart-ollama.',
    status: 403,
  },
  OLLAMA_NOT_RESTARTED: {
    message: 'Ollama could not be restarted.',
    next: 'Check the reason, and restart it yourself.',
    status: 502,
  },
  BOOT_CHANGED: {
    message: 'This machine has restarted since then.',
    next: 'Read its boot id again.',
    status: 409,
  },
  DISK_TROUBLE: {
    message: 'The change could not be written to the disk; nothing was changed.',
    next: 'Free some space, then try again.',
    status: 507,
  },
  PORT_TAKEN: {
    message: 'The port is in use by another program.',
    next: 'Stop that program, or choose another --port.',
    status: 500,
  },
  CANNOT_BIND: {
    message: 'The agent cannot listen at this address.',
    next: 'Set --bind to an address of this machine.',
    status: 500,
  },
  INSTALL_FAILED: {
    message: 'The agent could not be installed.',
    next: 'Fix the named problem, then run it again.',
    status: 500,
  },
} as const satisfies Catalogue;

export type AgentErrorCode = keyof typeof agentErrors;
