/** Adding machines: pair, discover. */
import type { Discovery, FoundMachine } from '../../../shared/models/discovery.ts';
import { textOf } from '../../../shared/text/index.ts';
import { type Command, usageError } from '../command.ts';
import { bar, table } from '../format.ts';

export const pair: Command = {
  name: 'pair',
  summary: 'pair with an agent ("agent.mjs pair" on its machine shows a line and a code)',
  usage: ['pair LINE', 'pair ADDRESS CODE'],
  options: {},
  async run(context) {
    const [first, ...rest] = context.positionals;
    if (first === undefined)
      throw usageError('Enter the line that "agent.mjs pair" shows, or the address and the code.');
    const code = rest.join('');
    const link = await context.connect('any');
    const paired = await link.call('agents.pair', code === '' ? { line: first } : { url: first, code });
    if (!context.json) {
      context.terminal.line(`Paired with the agent at ${paired.url} (${paired.roles.join(', ')}).`);
    }
    return paired;
  },
};

function machineCells(machine: FoundMachine): string[] {
  const carries = [
    machine.ollama ? `Ollama ${machine.ollama.version ?? ''}`.trim() : '',
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
