import { isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { MovePreview } from '../../../shared/models/move-preview.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { textOf } from '../../../shared/text/index.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  noPositionals,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import { bar, leftBehindLines, modelText, moveText, stateText, vramText } from '../format.ts';
import { previewLines } from '../preview-lines.ts';
import { measureVram } from '../vram.ts';

export const vram: Command = {
  name: 'vram',
  summary: 'show what is in the VRAM of each machine',
  usage: ['vram [NODE]'],
  options: {},
  async run(context) {
    const { terminal } = context;
    const { style } = terminal;
    const link = await context.connect('fresh');
    const wanted = context.positionals.length === 0 ? null : onlyPositional(context, 'node');
    const nodes = wanted === null ? await link.call('fleet.list', {}) : [await findNode(link, wanted)];
    const measured = await measureVram(link);
    const result = nodes.map((node) => ({
      nodeId: node.id,
      name: node.name,
      state: node.state,
      hasGpu: node.hasGpu,
      vram: measured.of(node),
      gpus: measured.sampleOf(node)?.gpus ?? [],
      loaded: node.loaded,
    }));
    if (context.json) return result;
    for (const node of nodes) {
      const memory = measured.of(node);
      const { totalBytes, usedBytes } = memory;
      const known = totalBytes !== null && totalBytes > 0 && usedBytes !== null;
      const gauge = known ? `${bar(usedBytes / totalBytes, 24, style)}  ` : '';
      terminal.line(`${style.strong(node.name)}  ${stateText(node, style)}`);
      terminal.line(`  ${gauge}${vramText(memory, node.hasGpu)}`);
      for (const line of leftBehindLines(measured.sampleOf(node)?.gpus ?? [])) {
        terminal.line(`  ${style.bad('!')} ${line}`);
      }
      for (const model of node.loaded) terminal.line(`  ${modelText(model, style)}`);
      if (isServing(node.state) && node.loaded.length === 0) {
        const says = serverCan(node, 'says-placement');
        terminal.line(style.quiet(says ? '  no models loaded' : '  its server does not say what is loaded'));
      }
    }
    return result;
  },
};

async function force(context: CommandContext, target: 'gpu' | 'cpu', model: string) {
  const link = await context.connect('fresh');
  const on = optionText(context, 'node');
  const nodeId = on === undefined ? null : (await findNode(link, on)).id;
  const anyway = context.values.anyway === true;
  if (context.values['dry-run'] === true) return preview(context, link, { model, target, nodeId, anyway });
  const moves = await link.call('models.place', { model, target, nodeId, anyway });
  if (!context.json) {
    for (const move of moves) context.terminal.line(moveText(move, context.terminal.style));
    if (moves.length === 0) context.terminal.line('No awake machine has this model.');
  }
  const wrong = moves.filter((move) => move.outcome === 'refused' || move.outcome === 'failed');
  if (moves.length === 0 || wrong.length === moves.length) {
    const taken = wrong.length > 0 && wrong.every((move) => move.code === 'VRAM_TAKEN');
    const noRoom = wrong.length > 0 && wrong.every((move) => move.shortage !== undefined);
    throw new PilotlightError(moves.length === 0 ? 'MODEL_NOT_FOUND' : taken ? 'VRAM_TAKEN' : 'MOVE_FAILED', {
      message:
        moves.length === 0
          ? 'No awake machine has this model.'
          : wrong.map((move) => textOf(move.reason)).join(' '),
      next: noRoom
        ? `${taken ? 'Close the programs that use the VRAM and try again' : 'Choose a smaller model'}, or add --anyway to load part of it onto the GPU.`
        : 'Run "vram" to see where models are.',
      details: { moves },
    });
  }
  return moves;
}

/** What a move would do on one machine, or on each that serves and has the model. */
async function preview(
  { terminal, json }: CommandContext,
  link: CoreLink,
  { nodeId, ...move }: { model: string; target: 'gpu' | 'cpu'; nodeId: string | null; anyway: boolean },
) {
  const nodes = nodeId === null ? (await link.call('fleet.list', {})).filter(canTry) : [{ id: nodeId }];
  const previews: MovePreview[] = [];
  for (const { id } of nodes) {
    try {
      previews.push(await link.call('models.preview', { ...move, nodeId: id }));
    } catch (error) {
      const isElsewhere = isPilotlightError(error) && error.code === 'MODEL_NOT_FOUND';
      if (nodeId !== null || !isElsewhere) throw error;
    }
  }
  if (previews.length === 0) {
    throw new PilotlightError('MODEL_NOT_FOUND', { message: 'No awake machine has this model.' });
  }
  if (!json) {
    for (const one of previews) for (const line of previewLines(one, terminal.style)) terminal.line(line);
  }
  return previews;
}

const canTry = (node: NodeView) => isServing(node.state) && serverCan(node, 'moves');

const moveOptions = {
  node: { type: 'string' },
  anyway: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;

export const move: Command = {
  name: 'move',
  summary: 'move a model to the GPU or the CPU; --dry-run shows what that would do',
  usage: ['move MODEL gpu|cpu [--node NODE] [--anyway] [--dry-run]'],
  options: moveOptions,
  run(context) {
    const [model, target, ...rest] = context.positionals;
    if (model === undefined) throw usageError('Missing argument: model.');
    if (target !== 'gpu' && target !== 'cpu') throw usageError('Where to move it is missing: gpu or cpu.');
    if (rest.length > 0) throw usageError(`"${rest[0]}" is one argument too many.`);
    return force(context, target, model);
  },
};

export const forceGpu: Command = {
  name: 'force-gpu',
  summary: 'load a model on the GPU or move it there, on one node or on all that have it',
  usage: ['force-gpu MODEL [--node NODE] [--anyway] [--dry-run]'],
  options: moveOptions,
  run: (context) => force(context, 'gpu', onlyPositional(context, 'model')),
};

export const forceCpu: Command = {
  name: 'force-cpu',
  summary: 'load a model on the CPU or move it there, on one node or on all that have it',
  usage: ['force-cpu MODEL [--node NODE] [--dry-run]'],
  options: { node: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  run: (context) => force(context, 'cpu', onlyPositional(context, 'model')),
};

export const open: Command = {
  name: 'open',
  summary: 'print a one-time address that signs a browser in to the panel of the running Pilotlight',
  usage: ['open'],
  options: {},
  async run(context) {
    noPositionals(context);
    const link = await context.connect('running');
    const url = await link.oneTimeUrl();
    if (!context.json) context.terminal.line(url);
    return { url };
  },
};
