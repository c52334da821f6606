/**
 * The one catalogue of errors. Each has a code, a sentence for a person and the next step. What crosses a
 * link is `{code, message, next, details}`; a message may be sharpened where it is thrown, a code never.
 */
import * as z from 'zod';
import { type AnyMessage, textOf } from '../text/index.ts';

interface CatalogueEntry {
  message: string;
  next: string;
  /** The HTTP status of the control API. */
  status: number;
}

export const errorCatalogue = {
  // input
  BAD_REQUEST: {
    message: 'The request is not what this method expects.',
    next: 'Correct the named fields and send it again.',
    status: 400,
  },
  UNKNOWN_METHOD: {
    message: 'There is no such method.',
    next: 'Check the name against the API reference.',
    status: 404,
  },
  UNKNOWN_STREAM: {
    message: 'There is no such stream.',
    next: 'Check the name against the API reference.',
    status: 404,
  },
  BAD_URL: {
    message: 'This is not an address that Pilotlight can use.',
    next: 'Write it like http://192.168.1.20:11434.',
    status: 400,
  },
  BAD_MAC: {
    message: 'This is not a MAC address.',
    next: 'Write six pairs of hex digits, like AA:BB:CC:DD:EE:FF.',
    status: 400,
  },
  BAD_DESTINATION: {
    message: 'This is not an address that a wake packet can be sent to.',
    next: 'Write an IPv4 address, with a port if it is not 9, like 192.168.1.255:9.',
    status: 400,
  },
  BAD_SETTING: {
    message: 'A setting has a value that cannot be used.',
    next: 'Correct the named setting; nothing was changed.',
    status: 400,
  },
  BAD_IMPORT: {
    message: 'This file cannot be imported.',
    next: 'Correct what is named and import it again; nothing was changed.',
    status: 400,
  },
  NOT_FOUND: {
    message: 'There is no such thing here.',
    next: 'Look at the list again; it may have been removed.',
    status: 404,
  },
  ALREADY_EXISTS: {
    message: 'That is here already.',
    next: 'Use the one that exists, or give this one another address or name.',
    status: 409,
  },
  // access
  UNAUTHORIZED: {
    message: 'This needs a token.',
    next: 'Open the address that Pilotlight printed when it started.',
    status: 401,
  },
  TOKEN_USED: {
    message: 'This one-time address was used already.',
    next: 'Run "npm run pilotlight -- open" for a fresh one.',
    status: 401,
  },
  FORBIDDEN: {
    message: 'This sender may not do that.',
    next: 'Use the panel itself, or a token with more rights.',
    status: 403,
  },
  FORBIDDEN_ORIGIN: {
    message: 'This request does not come from the panel.',
    next: 'Open the panel at its own address on 127.0.0.1.',
    status: 403,
  },
  // hosts
  HOST_UNREACHABLE: {
    message: 'The machine does not answer.',
    next: 'Check that it is on and that the address is right.',
    status: 502,
  },
  HOST_TIMEOUT: {
    message: 'The machine did not answer in time.',
    next: 'It may be busy or asleep; try again, or wake it.',
    status: 504,
  },
  NAME_NOT_RESOLVED: {
    message: 'The name of the machine is not known on this network.',
    next: 'Check the spelling, or use its IP address.',
    status: 502,
  },
  NOT_AN_INFERENCE_SERVER: {
    message: 'Something answers there, but it is not an Ollama server.',
    next: 'Check the port; Ollama listens on 11434 unless told otherwise.',
    status: 502,
  },
  SERVER_ERROR: {
    message: 'The server answered with an error.',
    next: "Read the server's own words below; its log may say more.",
    status: 502,
  },
  SERVER_BUSY: {
    message: 'The server has too many requests waiting.',
    next: 'Try again in a moment.',
    status: 503,
  },
  RESPONSE_TOO_LARGE: {
    message: 'The answer is far larger than it should be.',
    next: 'Check that the address is that of an Ollama server.',
    status: 502,
  },
  MODEL_NOT_FOUND: {
    message: 'The model is not on that machine.',
    next: 'Pull it there first: ollama pull NAME.',
    status: 404,
  },
  OUT_OF_MEMORY: {
    message: 'The model does not fit into the memory that is free.',
    next: 'Unload another model, or choose a smaller one.',
    status: 409,
  },
  NO_SERVER: {
    message: 'This node has no inference server.',
    next: 'Add one by its URL, or choose another node.',
    status: 409,
  },
  NODE_ASLEEP: { message: 'The machine is asleep.', next: 'Wake it first.', status: 409 },
  // power
  CANNOT_WAKE: {
    message: 'Pilotlight does not know how to wake this machine.',
    next: 'Give it a MAC address.',
    status: 409,
  },
  WAKE_FAILED: {
    message: 'No wake packet could be sent.',
    next: 'Check the network connection of this computer and the wake destinations.',
    status: 502,
  },
  WAKE_TIMEOUT: {
    message: 'The machine did not come up in time.',
    next: 'Check Wake-on-LAN in its firmware and network adapter, then try again.',
    status: 504,
  },
  ALREADY_AWAKE: { message: 'The machine is awake already.', next: 'Nothing to do.', status: 409 },
  WAKE_NOT_ALLOWED: {
    message: 'Its policy does not let it be woken for this now.',
    next: 'Change its policy, or wake it yourself.',
    status: 409,
  },
  RELAY_FAILED: {
    message: 'The relay did not wake the machine.',
    next: 'Check that the relay runs and may wake this MAC address.',
    status: 502,
  },
  COMMAND_FAILED: {
    message: 'The command did not end well.',
    next: 'Run it in a terminal to see why, and correct it.',
    status: 502,
  },
  BAD_COMMAND: {
    message: 'This is not a command that can be run.',
    next: 'Write the program and each of its arguments; no shell reads them.',
    status: 400,
  },
  BAD_WAY: {
    message: 'This is not a way to wake a machine.',
    next: 'Choose direct, the agent of another node, a relay by its URL, or a command.',
    status: 400,
  },
  CANNOT_POWER_OFF: {
    message: 'Pilotlight cannot power this machine off.',
    next: 'Run the agent there with the power role, or name its shutdown server.',
    status: 409,
  },
  IN_USE: {
    message: 'The machine is in use.',
    next: 'Wait, release what holds it, or power it off all the same.',
    status: 409,
  },
  POWER_ACTION_RUNNING: {
    message: 'The machine is going off already.',
    next: 'Wait until it has gone, or cancel that first.',
    status: 409,
  },
  NO_COUNTDOWN: {
    message: 'Nothing counts down there.',
    next: 'Nothing to do.',
    status: 409,
  },
  NOT_SUPPORTED: {
    message: 'The machine cannot do that.',
    next: 'Choose another action.',
    status: 409,
  },
  DID_NOT_GO_OFF: {
    message: 'The machine was told to go off, but it still answers.',
    next: 'Look what keeps it on; its agent may lack the right to power it off.',
    status: 504,
  },
  GPU_LOST: {
    message: 'The machine is awake, but Ollama there has no GPU.',
    next: 'Restart Ollama there, so that it looks for its GPU again.',
    status: 409,
  },
  // agents
  NOT_AN_AGENT: {
    message: 'What answers there is not a Pilotlight agent.',
    next: 'Check the address and the port; an agent listens on 8765 or 9753.',
    status: 502,
  },
  AGENT_REFUSED: {
    message: 'The agent does not accept the token.',
    next: 'Pair it again: run `agent.mjs pair` on that machine.',
    status: 502,
  },
  AGENT_ERROR: {
    message: 'The agent could not do that.',
    next: 'Read its log on that machine.',
    status: 502,
  },
  NO_AGENT: {
    message: 'This node has no agent.',
    next: 'Run the agent on that machine and pair it.',
    status: 409,
  },
  PAIRING_CLOSED: {
    message: 'The agent does not take this code.',
    next: 'Ask for a new one there: `agent.mjs pair`. It is valid for 10 minutes.',
    status: 403,
  },
  BAD_PAIRING: {
    message: 'This is neither a pairing line nor a code of six digits.',
    next: 'Copy the line that `agent.mjs pair` shows, or give the address and the code.',
    status: 400,
  },
  // looking for machines, and checks
  BAD_SUBNET: {
    message: 'This is not a network that this computer is on.',
    next: 'Choose one of the networks that are offered.',
    status: 400,
  },
  DISCOVERY_RUNNING: {
    message: 'Machines are being looked for already.',
    next: 'Wait until that ends, or cancel it.',
    status: 409,
  },
  CHECK_RUNNING: {
    message: 'This check is running already.',
    next: 'Wait until it ends, or cancel it.',
    status: 409,
  },
  // placement
  NO_GPU: {
    message: 'This machine is known to have no GPU.',
    next: 'Choose a machine with a GPU.',
    status: 409,
  },
  GPU_NOT_USED: {
    message: 'The server accepted the load but put the model on the CPU.',
    next: 'Restart Ollama on that machine; it may have started before its GPU driver.',
    status: 409,
  },
  DOES_NOT_FIT: {
    message: 'The model does not fit into the VRAM of that machine.',
    next: 'Unload the models named below, or choose a smaller one.',
    status: 409,
  },
  VRAM_TAKEN: {
    message: 'Other programs hold the VRAM that the model needs. Nothing was unloaded.',
    next: 'Close the programs named below and try again, or force it anyway.',
    status: 409,
  },
  PINNED: { message: 'The model is pinned where it is.', next: 'Take the pin off first.', status: 409 },
  MODEL_BUSY: {
    message: 'The model is answering requests.',
    next: 'Try again when it is idle.',
    status: 409,
  },
  MOVE_IN_PROGRESS: {
    message: 'Another move is under way on this machine.',
    next: 'Wait until it is done.',
    status: 409,
  },
  MOVE_FAILED: {
    message: 'The move did not end where it should.',
    next: 'The reason below says why, and which models were loaded again.',
    status: 502,
  },
  NOT_LOADED: {
    message: 'The model is not loaded there.',
    next: 'Load it by forcing it to the GPU or the CPU.',
    status: 409,
  },
  // files and index
  FOLDER_NOT_FOUND: { message: 'There is no such folder.', next: 'Check the path.', status: 400 },
  NOT_A_FOLDER: {
    message: 'This is a file, not a folder.',
    next: 'Choose the folder that holds it.',
    status: 400,
  },
  FOLDER_UNREADABLE: { message: 'This folder cannot be read.', next: 'Check its permissions.', status: 400 },
  FILE_BINARY: { message: 'The file is not text.', next: 'Nothing to do; it is skipped.', status: 422 },
  FILE_EMPTY: { message: 'The file is empty.', next: 'Nothing to do; it is skipped.', status: 422 },
  FILE_TOO_LARGE: {
    message: 'The file is larger than the limit.',
    next: 'Raise the limit in Settings, or leave it out.',
    status: 422,
  },
  FILE_UNREADABLE: {
    message: 'The file cannot be read.',
    next: 'Check its permissions, then run the index again.',
    status: 422,
  },
  FILE_CHANGED: {
    message: 'The file changed while it was read.',
    next: 'Run the index again when it is at rest.',
    status: 409,
  },
  FILE_TOO_COSTLY: {
    message: 'Reading the file takes too long.',
    next: 'It is left out until it changes; everything else is indexed. A full run tries it again.',
    status: 422,
  },
  FILE_ENCODING: {
    message: 'The text is in an encoding that could not be recognised.',
    next: 'Save it as UTF-8.',
    status: 422,
  },
  SYMLINK_LOOP: {
    message: 'The link leads back to a folder that contains it.',
    next: 'Nothing to do; it is skipped.',
    status: 422,
  },
  OUTSIDE_FOLDER: {
    message: 'The path leads outside the folder.',
    next: 'Add the folder it leads to as a source of its own.',
    status: 422,
  },
  EMBEDDER_UNAVAILABLE: {
    message: 'No machine that is awake has this embedding model.',
    next: 'Wake a machine that has it, or let the job wait.',
    status: 409,
  },
  EMBEDDER_MISMATCH: {
    message: 'This index was made with another embedder.',
    next: 'Rebuild it to change the embedder.',
    status: 409,
  },
  DIMENSION_MISMATCH: {
    message: 'The vectors have another length than the index.',
    next: 'Rebuild the index.',
    status: 409,
  },
  JOB_RUNNING: {
    message: 'An index job is running already.',
    next: 'Wait for it, or cancel it.',
    status: 409,
  },
  NOTHING_TO_INDEX: { message: 'There is no folder to index.', next: 'Add a folder first.', status: 409 },
  INDEX_CORRUPT: {
    message: 'The index file is damaged.',
    next: 'It was kept aside; run the index again to rebuild it.',
    status: 500,
  },
  INDEX_BUSY: {
    message: 'The index did not answer in time.',
    next: 'Try again in a moment.',
    status: 503,
  },
  INDEX_INCOMPLETE: {
    message: 'The index of this folder is incomplete, because its file was damaged.',
    next: 'Index the folder again; only what is missing is indexed.',
    status: 409,
  },
  INDEX_NEWER: {
    message: 'The index was made by a newer Pilotlight.',
    next: 'Update Pilotlight, or remove the folder and add it again.',
    status: 409,
  },
  WORKER_LOST: {
    message: 'The index worker stopped unexpectedly.',
    next: 'It is started again by itself; nothing that was committed is lost.',
    status: 503,
  },
  // this computer
  DISK_FULL: {
    message: 'The disk is full.',
    next: 'Free some space, then try again; nothing committed was lost.',
    status: 507,
  },
  STATE_CORRUPT: {
    message: 'The saved state could not be read.',
    next: 'The damaged file was renamed; everything that could be read from it is in use.',
    status: 500,
  },
  STATE_NEWER: {
    message: 'The saved state is from a newer Pilotlight.',
    next: 'Update Pilotlight, or choose another folder with --data DIR.',
    status: 500,
  },
  RECORDS_DAMAGED: {
    message: 'Some saved records could not be read.',
    next: 'They were set aside. Add again whatever is missing.',
    status: 500,
  },
  FILE_DAMAGED: {
    message: 'A file of Pilotlight was damaged.',
    next: 'The damaged file was renamed, and a new one is in use.',
    status: 500,
  },
  SECRETS_LOST: {
    message: 'Saved passwords or tokens could not be opened.',
    next: 'Set them again (token and webhook in Settings, SecureOn passwords at their machines), and pair agents again.',
    status: 500,
  },
  PORT_IN_USE: {
    message: 'The port is in use by another program.',
    next: 'Choose another with --port N, or leave it out for a free one.',
    status: 500,
  },
  ALREADY_RUNNING: {
    message: 'Pilotlight is running already with this data folder.',
    next: 'Use the one that runs, or choose another folder with --data DIR.',
    status: 409,
  },
  NOT_RUNNING: { message: 'Pilotlight is not running.', next: 'Start it with npm start.', status: 503 },
  DATA_FOLDER_UNUSABLE: {
    message: 'The data folder cannot be used.',
    next: 'Check its permissions, or choose another with --data DIR.',
    status: 500,
  },
  STOPPING: { message: 'Pilotlight is stopping.', next: 'Start it again.', status: 503 },
  CANCELLED: { message: 'It was cancelled.', next: 'Start it again if it is still wanted.', status: 499 },
  LINK_LOST: {
    message: 'The connection to Pilotlight was lost.',
    next: 'It reconnects by itself; if not, start Pilotlight again.',
    status: 503,
  },
  SIMULATOR_OFF: {
    message: 'The simulated fleet is not running.',
    next: 'Add it from the Fleet page.',
    status: 409,
  },
  INTERNAL: {
    message: 'Something went wrong inside Pilotlight.',
    next: 'Try again; if it stays, report it with the log.',
    status: 500,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export const errorCodes = Object.keys(errorCatalogue) as [ErrorCode, ...ErrorCode[]];

export const wireErrorSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  next: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

/** The only error that leaves a service. Anything else is a defect and reaches people as INTERNAL. */
export class PilotlightError extends Error {
  readonly code: ErrorCode;
  readonly next: string;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    code: ErrorCode,
    options: {
      /** Sharper than the catalogue's; text is what somebody else said, everything else is a message. */
      message?: string | AnyMessage;
      next?: string | AnyMessage;
      details?: Record<string, unknown>;
      cause?: unknown;
    } = {},
  ) {
    super(english(options.message) ?? errorCatalogue[code].message, { cause: options.cause });
    this.name = 'PilotlightError';
    this.code = code;
    this.next = english(options.next) ?? errorCatalogue[code].next;
    this.details = options.details;
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      next: this.next,
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

const english = (said: string | AnyMessage | undefined) => (typeof said === 'object' ? textOf(said) : said);

export function isPilotlightError(error: unknown): error is PilotlightError {
  return error instanceof Error && error.name === 'PilotlightError' && 'code' in error;
}

/** Turns whatever was thrown into what may cross a link. Aborts become CANCELLED, defects INTERNAL. */
export function toWireError(error: unknown): WireError {
  if (isPilotlightError(error)) return error.toWire();
  if (error instanceof Error && error.name === 'AbortError') return new PilotlightError('CANCELLED').toWire();
  return new PilotlightError('INTERNAL').toWire();
}
