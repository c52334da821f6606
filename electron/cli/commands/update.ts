/** Updates Pilotlight from the command line: the single file by itself, and any other by the core that runs. */

import type { UpdateView } from '../../../shared/models/updates.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatBytes } from '../../../shared/units.ts';
import { type SingleFile, updateSingleFile } from '../../host/update-single-file.ts';
import { isSingleFile } from '../../host/updates.ts';
import { type Command, type CommandContext, noPositionals, usageError } from '../command.ts';

const flags = ['check', 'yes', 'back'] as const;

export const update: Command = {
  name: 'update',
  summary: 'check for a newer version of Pilotlight, install it, or go back to the one before',
  usage: ['update --check', 'update --yes', 'update --back'],
  options: {
    check: { type: 'boolean' },
    yes: { type: 'boolean' },
    back: { type: 'boolean' },
    address: { type: 'string' },
  },
  async run(context) {
    noPositionals(context);
    const named = flags.filter((flag) => context.values[flag] === true);
    const [action = 'check'] = named;
    if (named.length > 1) throw usageError('Use one of --check, --yes and --back.');
    // Asking for updates is what the person who types this agrees to.
    return isSingleFile() ? byItself(action, context) : byCore(action, context);
  },
};

export const whatsNew: Command = {
  name: 'whats-new',
  summary: 'show what is new in this version',
  usage: ['whats-new'],
  options: {},
  async run(context) {
    noPositionals(context);
    const { readOwnNews } = await import('../../host/update-single-file.ts');
    const news = await readOwnNews();
    if (!context.json) {
      context.terminal.line(context.terminal.style.strong(`Pilotlight ${news.version}`));
      for (const line of (news.notes ?? 'There are no notes of this version.').split('\n'))
        context.terminal.line(line);
    }
    return news;
  },
};

type Action = (typeof flags)[number];

async function byItself(action: Action, context: CommandContext): Promise<unknown> {
  const { terminal, json, signal } = context;
  const file: SingleFile = { program: process.execPath };
  const done = await updateSingleFile({
    ...{ action, file, signal },
    address: typeof context.values.address === 'string' ? context.values.address : null,
    onProgress: (doneBytes, totalBytes) =>
      json || terminal.live(`Downloading ${formatBytes(doneBytes)} of ${formatBytes(totalBytes)}`),
  });
  if (json) return done;
  switch (done.kind) {
    case 'found':
      terminal.line(textOf(done.found));
      if (done.version !== null) terminal.line('Install it with update --yes.');
      break;
    case 'installed':
      terminal.line(`Updated from ${done.from} to ${done.to}. Restart what runs from this file.`);
      terminal.line(terminal.style.quiet(`The former one is ${done.kept}; update --back brings it back.`));
      break;
    case 'back':
      terminal.line('The former version is back. Restart what runs from this file.');
  }
  return done;
}

async function byCore(action: Action, context: CommandContext): Promise<UpdateView> {
  const link = await context.connect(action === 'check' ? 'any' : 'running');
  const { terminal, json } = context;
  const { instead, checks } = await link.call('updates.get', {});
  if (action === 'back') return link.call('updates.goBack', {});
  // Where nothing can be checked, the error says what to do instead.
  let view = await link.call('updates.check', {});
  if (action === 'yes' && view.state === 'available' && view.installs) {
    view = await link.call('updates.download', {});
    while (view.state === 'downloading') {
      if (view.progress !== null && !json)
        terminal.live(
          `Downloading ${formatBytes(view.progress.doneBytes)} of ${formatBytes(view.progress.totalBytes)}`,
        );
      await context.sleep(500);
      view = await link.call('updates.get', {});
    }
  }
  if (action === 'yes' && view.state === 'ready')
    view = await link.call('updates.install', { restart: true });
  if (json) return view;
  if (view.found !== null) terminal.line(textOf(view.found));
  if (view.problem !== null) terminal.line(`${view.problem.code}: ${textOf(view.problem.message)}`);
  if (view.state === 'staged') terminal.line('Pilotlight restarts with the new version.');
  if (checks && instead !== null && view.offer !== null) terminal.line(textOf(instead));
  return view;
}
