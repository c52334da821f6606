/** The door for Immich, as the core has it. */
import { isPilotlightError } from '../../../shared/contract/errors.ts';
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

/** The door of the core that runs. Rejects with NOT_RUNNING. */
async function doorOf(context: CommandContext): Promise<ImmichView> {
  const link = await context.connect('running');
  return link.call('immich.get', {});
}

/** null while Pilotlight does not run: the door belongs to it. */
export async function doorIfRunning(context: CommandContext): Promise<ImmichView | null> {
  try {
    return await doorOf(context);
  } catch (error) {
    if (isPilotlightError(error) && error.code === 'NOT_RUNNING') return null;
    throw error;
  }
}

export async function showDoor(context: CommandContext): Promise<ImmichView> {
  noPositionals(context);
  const door = await doorOf(context);
  if (!context.json) printDoor(context, door);
  return door;
}

export function printDoor({ terminal }: CommandContext, door: ImmichView): void {
  if (door.state === 'off') terminal.line('The door for Immich is off. Switch it on in Settings → Immich.');
  for (const url of door.urls) terminal.line(`Immich: ${url}`);
  if (door.problem !== null) terminal.line(`${textOf(door.problem.message)} ${textOf(door.problem.next)}`);
  if (door.state === 'running') {
    terminal.line(`${plural(door.held, 'request')} waiting, ${door.working} in progress`);
  }
  if (door.lastWake !== null) terminal.line(lastWakeText(door.lastWake));
  for (const model of door.missing) terminal.line(`No runner has ${model}.`);
}
