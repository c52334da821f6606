/** The door for Immich, as the core has it. */
import type { ImmichView } from '../../../shared/models/immich.ts';
import { textOf } from '../../../shared/text/index.ts';
import { plural } from '../../../shared/units.ts';
import { type CommandContext, noPositionals } from '../command.ts';

function lastWakeText({ name, outcome, reason, at }: NonNullable<ImmichView['lastWake']>): string {
  const how = {
    running: 'is waking',
    awake: 'woke',
    failed: 'did not wake',
    abandoned: 'was not needed any more',
  };
  return `Last wake: ${name} ${how[outcome]}, ${new Date(at).toLocaleString()}${reason === null ? '' : ` (${reason})`}`;
}

export async function showDoor(context: CommandContext): Promise<ImmichView> {
  noPositionals(context);
  const { terminal } = context;
  const link = await context.connect('running');
  const door = await link.call('immich.get', {});
  if (context.json) return door;
  if (door.state === 'off') terminal.line('The door for Immich is off. Switch it on in Settings → Immich.');
  for (const url of door.urls) terminal.line(`Immich: ${url}`);
  if (door.problem !== null) terminal.line(`${textOf(door.problem.message)} ${textOf(door.problem.next)}`);
  if (door.state === 'running') {
    terminal.line(`${plural(door.held, 'request')} waiting, ${door.working} in progress`);
  }
  if (door.lastWake !== null) terminal.line(lastWakeText(door.lastWake));
  for (const model of door.missing) terminal.line(`No runner has ${model}.`);
  return door;
}
