/** Adding machines: pair, discover. */

import { PAIRING_SCHEME } from '../../../shared/contract/agent/pairing-line.ts';
import type { Discovery, FoundMachine } from '../../../shared/models/discovery.ts';
import { textOf } from '../../../shared/text/index.ts';
import { type Command, type CommandContext, optionText, usageError } from '../command.ts';
import { bar, table } from '../format.ts';
import { readSecretFile, secretVariables, warnOfArgument } from '../secret-input.ts';

/** What a person was shown on the other machine: a whole line, or the code for an address. */
async function readPairing(
  context: CommandContext,
): Promise<{ line: string } | { url: string; code: string }> {
  const [first, ...rest] = context.positionals.filter((text) => text !== '-');
  const file = optionText(context, 'code-file');
  if (first?.startsWith(PAIRING_SCHEME)) {
    warnOfArgument(context, 'the pairing line', '"pair" without it, which asks for the line');
    return { line: first };
  }
  if (first !== undefined && rest.length > 0) {
    warnOfArgument(context, 'the code', '"pair ADDRESS" without it, which asks for the code');
    return { url: first, code: rest.join('') };
  }
  const given =
    file === undefined ? context.environment[secretVariables.pairing] : readSecretFile(context, file);
  const text = (given || (await context.readSecret(first === undefined ? 'Pairing line' : 'Code'))).trim();
  if (text.startsWith(PAIRING_SCHEME)) return { line: text };
  if (first === undefined) {
    throw usageError('This is not a pairing line.', 'For a code, name the address too: pair ADDRESS.');
  }
  return { url: first, code: text };
}

export const pair: Command = {
  name: 'pair',
  summary: 'pair with an agent ("agent.mjs pair" on its machine shows a line and a code)',
  usage: [
    'pair                 asks for the line, or reads it from standard input',
    'pair ADDRESS         asks for the code, or reads it from standard input',
    'pair [ADDRESS] --code-file FILE',
    `  The line or the code may also be in the variable ${secretVariables.pairing}.`,
  ],
  options: { 'code-file': { type: 'string' } },
  async run(context) {
    const asked = await readPairing(context);
    const link = await context.connect('any');
    const paired = await link.call('agents.pair', asked);
    if (!context.json) {
      context.terminal.line(`Paired with the agent at ${paired.url} (${paired.roles.join(', ')}).`);
    }
    return paired;
  },
};

function machineCells(machine: FoundMachine): string[] {
  const carries = [
    machine.ollama ? `${machine.ollama.product ?? 'Ollama'} ${machine.ollama.version ?? ''}`.trim() : '',
    machine.agent ? `agent (${machine.agent.roles.join(', ')})` : '',
    machine.relayUrl ? 'a relay' : '',
    machine.shutdownUrl ? 'a shutdown server' : '',
  ].filter((word) => word !== '');
  return [
    machine.address,
    machine.name ?? '',
    machine.mac ?? '',
    carries.join(', ') || machine.problem?.message || 'nothing Pilotlight can use',
    machine.nodeId === null ? '' : 'already in the fleet',
  ];
}

export const discover: Command = {
  name: 'discover',
  summary: 'find machines in the networks you choose',
  usage: ['discover                   list the networks', 'discover SUBNET …'],
  options: {},
  async run(context) {
    const { terminal } = context;
    const link = await context.connect('any');
    const networks = await link.call('discovery.networks', {});
    if (context.positionals.length === 0) {
      if (context.json) return networks;
      if (networks.length === 0) terminal.line('This computer is not on a network.');
      const rows = networks.map((one) => [
        one.subnet,
        one.interface,
        one.tooLarge ? 'too large to scan address by address' : `${one.hosts} addresses`,
      ]);
      for (const line of table(rows)) terminal.line(line);
      if (networks.length > 0) terminal.line(`To search it: discover ${networks[0]?.subnet}`);
      return networks;
    }
    let state: Discovery = await link.call('discovery.start', { subnets: [...context.positionals] });
    try {
      while (state.state === 'running') {
        await context.sleep(200);
        state = await link.call('discovery.state', {});
        if (!context.json && state.total > 0)
          terminal.live(`${bar(state.done / state.total, 24, terminal.style)}  ${state.found.length} found`);
      }
    } catch (error) {
      await link.call('discovery.cancel', {}, AbortSignal.timeout(2000));
      throw error;
    }
    if (context.json) return state;
    for (const line of table(state.found.map(machineCells))) terminal.line(line);
    if (state.found.length === 0) terminal.line('No machines were found.');
    for (const note of state.notes) terminal.line(textOf(note));
    return state;
  },
};
