import type { Check, CheckStep } from '../../../shared/models/checks.ts';
import type { IndexWarning } from '../../../shared/models/indexing.ts';
import type { TaskQueueWarning } from '../../../shared/models/tasks.ts';
import { textOf, textOrEmpty } from '../../../shared/text/index.ts';
import { type Command, type CommandContext, findNode, onlyPositional } from '../command.ts';
import type { CoreLink } from '../core-link.ts';
import type { Style } from '../terminal.ts';

const marks: Record<CheckStep['state'], (style: Style) => string> = {
  pass: (style) => style.good('✓'),
  fail: (style) => style.bad('✗'),
  'not-applicable': (style) => style.quiet('–'),
  waiting: (style) => style.quiet('·'),
  running: (style) => style.quiet('·'),
};

/** Numbered, each with what was observed, and with the fix if it failed. */
function checkLines(check: Check, style: Style): string[] {
  const width = String(check.steps.length).length;
  return check.steps.flatMap(({ state, ...step }, index) => {
    const title = textOf(step.title);
    const seen = textOrEmpty(step.seen);
    const fix = textOrEmpty(step.fix);
    const quiet = (text: string) => (state === 'not-applicable' ? style.quiet(text) : text);
    const number = String(index + 1).padStart(width);
    const indent = ' '.repeat(width + 4);
    return [
      `${number}  ${marks[state](style)} ${quiet(title)}`,
      ...(seen === '' ? [] : [`${indent}${quiet(seen)}`]),
      ...(fix === '' ? [] : [`${indent}${style.strong('Fix:')} ${fix}`]),
    ];
  });
}

/** About the task queue of the core, whatever node is checked. */
const warningLines = ({ message, next }: TaskQueueWarning, style: Style): string[] => [
  `${style.bad('!')}  ${textOf(message)}`,
  `   ${style.strong('Fix:')} ${textOf(next)}`,
];

const indexWarningLines = ({ message, next, folders }: IndexWarning, style: Style): string[] => [
  `${style.bad('!')}  ${message}${folders.length === 0 ? '' : ` Keywords only: ${folders.join(', ')}.`}`,
  `   ${style.strong('Fix:')} ${next}`,
];

async function rehearse(context: CommandContext, link: CoreLink, nodeId: string): Promise<Check> {
  const check = link.call('checks.rehearse', { nodeId }, AbortSignal.timeout(3_600_000));
  const stop = () => {
    link
      .call('checks.cancel', { checkId: `rehearsal:${nodeId}` }, AbortSignal.timeout(10_000))
      .catch(() => {});
  };
  context.signal.addEventListener('abort', stop, { once: true });
  try {
    return await check;
  } finally {
    context.signal.removeEventListener('abort', stop);
  }
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'check a node step by step, from its name to its GPU, and show how to fix what fails',
  usage: ['doctor NODE', 'doctor NODE --rehearse    put it to sleep, wake it and learn its boot time'],
  options: { rehearse: { type: 'boolean' } },
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const { terminal, json } = context;
    const link = await context.connect('fresh');
    const { id, name } = await findNode(link, wanted);
    const rehearsal = context.values.rehearse === true;
    if (!json) terminal.live(rehearsal ? `Putting ${name} to sleep and waking it …` : `Checking ${name} …`);
    const check = rehearsal
      ? await rehearse(context, link, id)
      : await link.call('checks.diagnose', { nodeId: id });
    const warnings = await link.call('tasks.warnings', {});
    const indexWarnings = await link.call('index.warnings', {});
    if (!json) {
      for (const line of checkLines(check, terminal.style)) terminal.line(line);
      terminal.line();
      terminal.line(summary(name, check));
      for (const line of warnings.flatMap((warning) => warningLines(warning, terminal.style)))
        terminal.line(line);
      for (const line of indexWarnings.flatMap((warning) => indexWarningLines(warning, terminal.style)))
        terminal.line(line);
    }
    return { ...check, warnings, indexWarnings };
  },
  failed: (result) => (result as Check).outcome !== 'pass',
};

function summary(name: string, { outcome, steps }: Check): string {
  const count = (state: CheckStep['state']) => steps.filter((step) => step.state === state).length;
  if (outcome === 'cancelled') return `${name}: cancelled.`;
  return `${name}: ${count('pass')} passed, ${count('fail')} failed, ${count('not-applicable')} not applicable.`;
}
