/** What a search has found so far, one machine for each address. */
import type { FoundMachine } from '../../../shared/models/discovery.ts';
import { broadcastOf } from '../../../shared/network/broadcast.ts';
import type { NetworkInterface } from '../ports/network.ts';
import type { Answer } from './ask.ts';
import { describeAnswers, emptyMachine, inOrder, type KnownNode, nodeOf } from './machine.ts';

type FoundBy = FoundMachine['foundBy'][number];

export interface Findings {
  /** Something is known about an address; what was already known stays. */
  add(address: string, how: FoundBy, known?: Partial<Pick<FoundMachine, 'name' | 'mac'>>): void;
  /** Something answered there. */
  answer(address: string, how: FoundBy, answer: Answer): void;
  /** MAC addresses of machines that were found in another way. */
  fillMacs(neighbours: readonly { address: string; mac: string }[]): void;
  list(): FoundMachine[];
}

interface Entry {
  machine: FoundMachine;
  answers: Answer[];
}

export function createFindings({
  interfaces,
  nodes,
}: {
  interfaces: readonly NetworkInterface[];
  nodes: readonly KnownNode[];
}): Findings {
  const entries = new Map<string, Entry>();
  const own = new Set(interfaces.flatMap((one) => (one.internal ? [] : one.address)));
  let list: FoundMachine[] | null = null;

  function entryOf(address: string, how: FoundBy): Entry {
    list = null;
    const entry = entries.get(address) ?? {
      machine: { ...emptyMachine(address), broadcast: broadcastOf(address, interfaces) },
      answers: [],
    };
    entries.set(address, entry);
    if (!entry.machine.foundBy.includes(how)) entry.machine.foundBy.push(how);
    return entry;
  }

  /** In the order of ports, so that what is offered does not depend on which answer came first. */
  function describe({ machine, answers }: Entry): FoundMachine {
    const sorted = [...answers].sort((one, other) => portOf(one) - portOf(other));
    const described = { ...machine, foundBy: [...machine.foundBy], ...describeAnswers(sorted) };
    return { ...described, nodeId: nodeOf(described, nodes, own) };
  }

  return {
    add(address, how, { name = null, mac = null } = {}) {
      const { machine } = entryOf(address, how);
      machine.name ??= name;
      machine.mac ??= mac;
    },
    answer(address, how, answer) {
      const { answers } = entryOf(address, how);
      const index = answers.findIndex(({ url }) => url === answer.url);
      if (index < 0) answers.push(answer);
      else answers[index] = answer;
    },
    fillMacs(neighbours) {
      list = null;
      for (const { address, mac } of neighbours) {
        const entry = entries.get(address);
        if (entry) entry.machine.mac ??= mac;
      }
    },
    list() {
      list ??= inOrder([...entries.values()].map(describe));
      return list;
    },
  };
}

const portOf = ({ url }: Answer) => Number(new URL(url).port);
