/**
 * The simulator as its own process.
 *
 *   simulator.mjs [--nodes N] [--profile 0.24|0.33] [--texts-per-second R] [--speed S]
 *                 [--port-base P] [--json]
 *
 * Without `--nodes` it starts the fleet of three; with it, N small machines that are always on, every second one with
 * a GPU. When all of them answer, it prints the nodes: one JSON line with `--json`.
 * It reads commands as JSON lines from its input, and stops at the end of the input or on SIGTERM.
 */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { printable } from '../../shared/printable.ts';
import { CATALOGUE } from './catalogue.ts';
import { createSystemClock } from './clock.ts';
import { runCommand } from './commands.ts';
import { assembleFleet, createSimulatedFleet, type SimulatedFleet } from './fleet.ts';
import type { SimulatedMachineSetup } from './machine.ts';
import type { Profile } from './model.ts';

const usage =
  'Usage: simulator [--nodes N] [--profile 0.24|0.33] [--texts-per-second R] [--speed S] [--port-base P] [--json]';

interface SimulatorOptions {
  nodes: number | null;
  profile: Profile;
  textsPerSecond: number | null;
  speed: number;
  portBase: number | null;
  json: boolean;
}

function readOptions(): SimulatorOptions {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string' },
      profile: { type: 'string', default: '0.33' },
      'texts-per-second': { type: 'string' },
      speed: { type: 'string', default: '1' },
      'port-base': { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const number = (name: string, text: string | undefined, least: number): number | null => {
    if (text === undefined) return null;
    const value = Number(text);
    if (!Number.isFinite(value) || value < least)
      throw new TypeError(`--${name} must be a number from ${least}`);
    return value;
  };
  if (values.profile !== '0.24' && values.profile !== '0.33')
    throw new TypeError('--profile must be 0.24 or 0.33');
  return {
    nodes: number('nodes', values.nodes, 1),
    profile: values.profile,
    textsPerSecond: number('texts-per-second', values['texts-per-second'], 0.001),
    speed: number('speed', values.speed, 0.001) ?? 1,
    portBase: number('port-base', values['port-base'], 1),
    json: values.json,
  };
}

/** Machines small enough to run a thousand of them in one process. */
function smallMachines(options: SimulatorOptions, count: number): SimulatedMachineSetup[] {
  const clock = createSystemClock();
  const rate = options.textsPerSecond;
  return Array.from({ length: count }, (_, index) => {
    const id = `node-${String(index + 1).padStart(4, '0')}`;
    const hex = (value: number) => value.toString(16).padStart(2, '0');
    return {
      id,
      name: id,
      mac: `02:00:5e:00:${hex((index + 1) >> 8)}:${hex((index + 1) & 255)}`,
      wake: null,
      clock,
      speed: options.speed,
      port: options.portBase === null ? 0 : options.portBase + index,
      ollama: {
        profile: options.profile,
        models: [CATALOGUE.mxbaiEmbedLarge, CATALOGUE.nomicEmbedText, CATALOGUE.allMiniLm, CATALOGUE.llama32],
        gpus:
          index % 2 === 0
            ? [
                {
                  id: 'GPU-0',
                  name: 'NVIDIA GeForce RTX 3060',
                  vramBytes: 12 * 1024 ** 3,
                  baselineBytes: 300 * 1024 ** 2,
                  boardWatts: 170,
                },
              ]
            : [],
        ...(rate !== null && { speeds: { gpuTextsPerSecond: rate, cpuTextsPerSecond: rate } }),
      },
    };
  });
}

async function startFleet(options: SimulatorOptions): Promise<SimulatedFleet> {
  if (options.nodes !== null) return assembleFleet(smallMachines(options, Math.trunc(options.nodes)));
  const fleet = await createSimulatedFleet({ speed: options.speed });
  if (options.textsPerSecond !== null) {
    for (const { id } of fleet.machines) {
      fleet.control.machine(id).ollama.compute.setRates(options.textsPerSecond, options.textsPerSecond);
    }
  }
  return fleet;
}

const print = (line: string) => console.log(printable(line));

function report(fleet: SimulatedFleet, json: boolean): void {
  if (json) {
    print(JSON.stringify({ nodes: fleet.machines }));
    return;
  }
  for (const node of fleet.machines) {
    const wake = node.wakeDestinations.length > 0 ? `  wakes at ${node.wakeDestinations.join(', ')}` : '';
    print(`${node.id.padEnd(12)} ${node.url}  ${node.mac}${wake}`);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  const fleet = await startFleet(options);
  const input = createInterface({ input: process.stdin });
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    input.close();
    await fleet.stop();
    process.stdin.destroy();
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  input.on('line', (line) => {
    if (line.trim() !== '') print(JSON.stringify(runCommand(fleet, line)));
  });
  input.once('close', () => void stop());
  report(fleet, options.json);
}

try {
  await main();
} catch (error) {
  console.error(printable(error instanceof Error ? error.message : String(error)));
  console.error(usage);
  process.exitCode = 2;
}
