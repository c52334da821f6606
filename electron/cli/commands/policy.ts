import { PilotlightError } from '../../../shared/contract/errors.ts';
import type { PowerPolicy } from '../../../shared/models/power.ts';
import { powerPolicyPatchSchema } from '../../../shared/models/power.ts';
import {
  type Command,
  type CommandContext,
  findNode,
  onlyPositional,
  optionText,
  usageError,
} from '../command.ts';
import { formatMinuteOfDay, parseHours, parseMinuteOfDay } from '../parse-time.ts';

const wakeLabels = { jobs: 'jobs and people', people: 'people only', never: 'no one' };
const offLabels = { never: 'never', 'when-woken': 'when Pilotlight woke it', always: 'always' };
const actionLabels = { shutdown: 'shut down', sleep: 'sleep', hibernate: 'hibernate' };

/** One line per rule, worded as in the panel. */
function policyLines(policy: PowerPolicy): string[] {
  const { quietHours, stillOnAt, watts } = policy;
  return [
    `Wake for ${wakeLabels[policy.wakeFor]}.`,
    ...(quietHours
      ? [
          `Quiet from ${formatMinuteOfDay(quietHours.from)} to ${formatMinuteOfDay(quietHours.to)}: jobs do not wake it.`,
        ]
      : []),
    policy.powerOff === 'never'
      ? 'Never power off.'
      : `Power off ${offLabels[policy.powerOff]}, ${policy.idleMinutes} min after it was last needed: ${actionLabels[policy.action]}, with ${policy.countdownSeconds} s to cancel.`,
    policy.respectUsers ? 'Logged-in users keep it on.' : 'Logged-in users do not keep it on.',
    ...(stillOnAt === null ? [] : [`Alert if it is still on at ${formatMinuteOfDay(stillOnAt)}.`]),
    ...(watts === null ? [] : [`It draws ${watts} W.`]),
  ];
}

/** Throws a usage error. */
function parseNumber(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text.trim())) throw usageError(`"${text}" is not a number.`);
  return Number(text);
}

/** The changes that the options ask for. Throws a usage error that names the option. */
function readPatch(context: CommandContext): Partial<PowerPolicy> {
  const take = <Value>(option: string, read: (text: string) => Value) => {
    const text = optionText(context, option);
    return text === undefined ? undefined : read(text);
  };
  const orNone =
    <Value>(read: (text: string) => Value) =>
    (text: string) =>
      text === 'none' ? null : read(text);
  const written = {
    wakeFor: take('wake-for', String),
    powerOff: take('power-off', String),
    idleMinutes: take('idle', parseNumber),
    action: take('action', String),
    quietHours: take('quiet', parseHours),
    respectUsers: context.values['respect-users'],
    countdownSeconds: take('countdown', parseNumber),
    stillOnAt: take('still-on', orNone(parseMinuteOfDay)),
    watts: take('watts', orNone(parseNumber)),
  };
  const given = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
  const checked = powerPolicyPatchSchema.safeParse(given);
  if (checked.success) return checked.data as Partial<PowerPolicy>;
  const [issue] = checked.error.issues;
  throw usageError(`${String(issue?.path[0])}: ${issue?.message}.`);
}

export const policy: Command = {
  name: 'policy',
  summary: 'show or change when a machine is woken automatically and when it goes off',
  usage: [
    'policy NODE',
    'policy NODE [--wake-for jobs|people|never] [--quiet 23:00-07:00|none] [--power-off never|when-woken|always] [--idle MINUTES]',
    '            [--action shutdown|sleep|hibernate] [--countdown SECONDS] [--[no-]respect-users] [--still-on 01:00|none] [--watts N|none]',
  ],
  options: {
    'wake-for': { type: 'string' },
    quiet: { type: 'string' },
    'power-off': { type: 'string' },
    idle: { type: 'string' },
    action: { type: 'string' },
    countdown: { type: 'string' },
    'respect-users': { type: 'boolean' },
    'still-on': { type: 'string' },
    watts: { type: 'string' },
  },
  async run(context) {
    const wanted = onlyPositional(context, 'node');
    const patch = readPatch(context);
    const link = await context.connect('any');
    const { id, name } = await findNode(link, wanted);
    const changed = Object.keys(patch).length > 0;
    const power = changed
      ? await link.call('power.setPolicy', { nodeId: id, policy: patch })
      : (await link.call('power.list', {})).find((one) => one.nodeId === id);
    if (!power) throw new PilotlightError('NOT_FOUND');
    if (!context.json) {
      context.terminal.line(context.terminal.style.strong(name));
      for (const line of policyLines(power.policy)) context.terminal.line(`  ${line}`);
    }
    return power.policy;
  },
};
