import { errorCodes, isPilotlightError, PilotlightError } from '../../../shared/contract/errors.ts';
import { isServing, type NodeView } from '../../../shared/models/fleet.ts';
import type { WakeProgress } from '../../../shared/models/wake.ts';
import { formatDuration } from '../../../shared/units.ts';
import { type Command, findNode, onlyPositional } from '../command.ts';
import { bar, stateText } from '../format.ts';
import type { Style } from '../terminal.ts';

const stepLabels = {
  'packet-sent': 'packet sent',
  answers: 'the machine answers',
  serves: 'Ollama answers',
  'gpu-verified': 'GPU verified',
};

/** One line about a wake in progress, with a bar once the usual boot time is known. */
export function wakeLine(node: NodeView, wake: WakeProgress | null, now: number, style: Style): string {
  if (!wake) return `${node.name}: ${stateText(node, style)}`;
  const elapsed = now - wake.startedAt;
  const progress = `${formatDuration(elapsed)}, ${stepLabels[wake.step]}`;
  if (wake.expectedMs === null) return `${style.ember('◌')} Waking ${node.name}  ${progress}`;
  const share = Math.min(0.98, elapsed / wake.expectedMs);
  return `${bar(share, 24, style)}  Waking ${node.name}  ${progress}, usually ${formatDuration(wake.expectedMs)}`;
}

export const wake: Command = {
  name: 'wake',
  summary: 'wake a machine and wait until Ollama answers',
  usage: ['wake NODE'],
  options: {},
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const { terminal } = context;
    const link = await context.connect('fresh');
    const { id, name } = await findNode(link, wanted);
    const startedAt = context.now();
    try {
      await link.call('power.wake', { nodeId: id });
    } catch (error) {
      if (!isPilotlightError(error) || error.code !== 'ALREADY_AWAKE') throw error;
    }
    for (;;) {
      // Read before the node: a wake that is missing here ended before the node's state was read.
      const progress = (await link.call('power.wakes', {})).find(({ nodeId }) => nodeId === id) ?? null;
      const node = (await link.call('fleet.list', {})).find((candidate) => candidate.id === id);
      if (!node) throw new PilotlightError('NOT_FOUND');
      if (isServing(node.state)) {
        const tookMs = Math.round(context.now() - startedAt);
        if (!context.json)
          terminal.line(`${name}: ${stateText(node, terminal.style)}, ${formatDuration(tookMs)}`);
        return { node, tookMs };
      }
      if (progress === null) {
        const { code, ...error } = node.lastWakeError ?? {
          code: 'CANCELLED',
          message: 'It was cancelled.',
          next: '',
        };
        throw new PilotlightError(errorCodes.find((one) => one === code) ?? 'WAKE_FAILED', error);
      }
      if (!context.json) terminal.live(wakeLine(node, progress, context.now(), terminal.style));
      try {
        await context.sleep(200);
      } catch (error) {
        await link.call('power.cancelWake', { nodeId: id }, AbortSignal.timeout(2000));
        throw error;
      }
    }
  },
};
