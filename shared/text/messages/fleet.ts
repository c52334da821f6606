import { formatCount } from '../../units.ts';
import { list, sentences } from '../grammar.ts';
import type { Text } from '../types.ts';

/** Machines and what happens to them. */
export const fleetMessages = {
  NODE_IN_TROUBLE: ({ node }: { node: string }) => `${node} is in trouble.`,
  NODE_DROPPED_OUT: ({ node }: { node: string }) => `${node} dropped out.`,
  NODE_DROPPED_OUT_IN_USE: ({ node, uses }: { node: string; uses: readonly Text[] }) =>
    `${node} dropped out while in use: ${list(uses)}.`,
  NODE_DROPPED_OUT_INDEXING: ({ node, folders }: { node: string; folders: readonly string[] }) =>
    `${node} dropped out while indexing ${list(folders.map((folder) => `"${folder}"`))}.`,
  NODE_RECOVERED: ({ node }: { node: string }) => `${node} works again.`,
  NODE_CAME_BACK: ({ node }: { node: string }) => `${node} is back.`,
  MISSED_CHECKS: ({ checks, reason }: { checks: number; reason: Text | null }) =>
    sentences(`It missed ${checks} checks in a row.`, reason),

  NOTHING_ANSWERS: () => 'Nothing answers there.',

  OLLAMA_HERE_IN_TROUBLE: () => 'Ollama on this computer is in trouble.',
  OLLAMA_HERE_STOPPED: () => 'Ollama on this computer stopped.',
  OLLAMA_HERE_RECOVERED: () => 'Ollama on this computer works again.',
  OLLAMA_HERE_ANSWERS: () => 'Ollama on this computer answers.',

  // What a probe found.
  NO_SERVER_ON_PORT: () => 'The machine is on, but no server answers on that port.',
  START_OLLAMA: () => 'Start Ollama there, and make it listen on the network: OLLAMA_HOST=0.0.0.0.',
  SERVER_SILENT: () => 'The machine accepts the connection, but its server does not answer.',
  RESTART_OLLAMA: () => 'It may be overloaded or stuck; if this continues, restart Ollama there.',
  NO_AGENT_ON_PORT: () => 'The machine is on, but no agent answers on that port.',
  START_AGENT: () => 'Start the agent there, and make it listen on the network: --bind with its address.',
  AGENT_CONNECTION_SILENT: () => 'The machine accepts the connection, but its agent does not answer.',
  RESTART_AGENT: () => 'If this continues, restart the agent there.',

  // What is in the way of a server.
  SENDS_ELSEWHERE: ({ to }: { to: string }) => `What answers there sends Pilotlight to ${to}.`,
  OLLAMA_TOO_OLD_FOR_PS: ({ version }: { version: string }) =>
    `It is Ollama ${version}, which is too old to say what is loaded; 0.1.38 can.`,
  OLLAMA_TOO_OLD_FOR_EMBED: ({ version }: { version: string }) =>
    `It is Ollama ${version}, which is too old to embed several texts at once; 0.3.4 can.`,
  OLLAMA_LACKS_PATH: ({ version, path }: { version: string; path: string }) =>
    `It answers as Ollama ${version}, but does not have ${path}.`,
  CHECK_PROXY_OR_UPDATE: () => 'Update it, or let the proxy in front of it pass that path.',

  SIMULATION_NOT_STARTED: () => 'The simulated fleet could not be started.',
  SIMULATION_NOT_STOPPED: () => 'The simulated fleet could not be stopped.',

  // Why a call about a node is refused, or ends.
  NO_SUCH_NODE: () => 'There is no such node.',
  NODE_REMOVED: ({ node }: { node: string }) => `${node} was removed.`,
  NODE_HAS_NEW_ADDRESS: ({ node }: { node: string }) => `${node} has a new address.`,
  NODE_NEEDS_ADDRESS: () => 'A node needs the address of an Ollama server or of an agent.',
  ADDRESS_ALREADY_USED: ({ node }: { node: string }) => `"${node}" already has that address.`,
  THIS_COMPUTER_STAYS: () => 'This computer is always in the list.',
  SIMULATED_ADDRESS_FIXED: () => 'The address of a simulated machine cannot be changed.',
  ADD_ANOTHER_NODE: () => 'Add another node for another address.',
  SIMULATED_HAS_NO_SECRETS: () => 'A simulated machine has no passwords or tokens of its own.',
  LEAVE_THEM_EMPTY: () => 'Leave them empty.',
  NOT_SIMULATED: () => 'This is not a simulated machine.',
  NO_SUCH_FAULT: ({ fault }: { fault: string }) => `There is no fault called "${fault}".`,

  // What is wrong with an address or a command.
  ADDRESS_NOT_PLAIN_IPV4: () => 'An IPv4 address is four numbers from 0 to 255, like 192.168.1.20.',
  ADDRESS_NOT_HTTP: () => 'The address must start with http:// or https://.',
  ADDRESS_WITH_PASSWORD: () => 'The address must not contain a user name or password.',
  ADDRESS_WITH_QUERY: () => 'The address must not contain ? or #.',
  ADDRESS_TOO_LONG: ({ limit }: { limit: number }) =>
    `Too long: an address has at most ${formatCount(limit)} characters, and letters outside ASCII count several times.`,
  PORT_ZERO: () => 'No server listens on port 0.',
  PORT_RANGE: () => 'A port is a number from 1 to 65535.',
  MAC_OF_NO_MACHINE: () => 'This MAC address does not belong to a single machine.',
  NOT_A_SECURE_ON_PASSWORD: () => 'This is not a SecureOn password.',
  WRITE_SECURE_ON: () => 'Write four numbers like 10.20.30.40, or six pairs of hex digits.',
  COMMAND_WITHOUT_PROGRAM: () => 'The command has no program.',
  COMMAND_WITH_NUL: () => 'The command contains a NUL character, which no program accepts.',
  CANNOT_WAKE_ITSELF: () => 'A sleeping machine cannot wake itself.',
  NO_SUCH_WAKING_NODE: () => 'The node that should wake it does not exist.',
};
