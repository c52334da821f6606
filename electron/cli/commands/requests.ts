/** What other programs ask through the gateway, and how to cancel it. */
import { PilotlightError } from '../../../shared/contract/errors.ts';
import { type RequestView, requestIsOver, requestStateSchema } from '../../../shared/models/requests.ts';
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
import { requestLines, shortId } from '../request-lines.ts';
import { watchList } from '../watch-list.ts';

/** How often `--watch` asks, milliseconds. */
const WATCH_MS = 1000;
const MOST_LINES = 40;

async function filterOf(context: CommandContext, link: CoreLink) {
  const state = optionText(context, 'state');
  const known = requestStateSchema.safeParse(state);
  if (state !== undefined && !known.success)
    throw usageError(`"${state}" is not a state.`, `Use one of: ${requestStateSchema.options.join(', ')}.`);
  const model = optionText(context, 'model');
  const node = optionText(context, 'node');
  return {
    ...(known.success && { states: [known.data] }),
    ...(model !== undefined && { model }),
    ...(node !== undefined && { nodeId: (await findNode(link, node)).id }),
  };
}

async function linesOf(context: CommandContext, link: CoreLink, requests: readonly RequestView[]) {
  const { terminal } = context;
  const names = new Map((await link.call('fleet.list', {})).map(({ id, name }) => [id, name]));
  return requestLines(requests, {
    style: terminal.style,
    width: terminal.isTerminal ? terminal.width : null,
    now: context.now(),
    nodeName: (id) => names.get(id) ?? id,
  });
}

async function show(context: CommandContext, link: CoreLink): Promise<RequestView[]> {
  const requests = await link.call('requests.list', await filterOf(context, link));
  if (context.json) return requests;
  const { terminal } = context;
  if (requests.length === 0) terminal.line('No requests came through the gateway yet.');
  else for (const line of await linesOf(context, link, requests.slice(0, MOST_LINES))) terminal.line(line);
  if (requests.length > MOST_LINES) terminal.note(`${requests.length - MOST_LINES} more: see --json.`);
  return requests;
}

/** Until Ctrl+C. */
async function watch(context: CommandContext, link: CoreLink): Promise<never> {
  const filter = await filterOf(context, link);
  return watchList<RequestView>(context, {
    everyMs: WATCH_MS,
    read: () => link.call('requests.list', filter),
    linesOf: (items) => linesOf(context, link, items),
  });
}

async function cancel(context: CommandContext, wanted: string): Promise<unknown> {
  const link = await context.connect('running');
  const requests = await link.call('requests.list', {});
  const running = requests.filter((request) => !requestIsOver(request));
  const found = running.find((request) => request.id === wanted || shortId(request) === wanted);
  if (found === undefined) {
    const ended = requests.some((request) => request.id === wanted || shortId(request) === wanted);
    throw new PilotlightError('NOT_FOUND', {
      message: ended
        ? `The request "${wanted}" has ended already.`
        : `There is no request "${wanted}" in progress.`,
      next: 'Run "requests" to see which ones are.',
    });
  }
  await link.call('requests.cancel', { id: found.id });
  if (!context.json) context.terminal.line(`Cancelled request ${shortId(found)}.`);
  return { id: found.id };
}

export const requests: Command = {
  name: 'requests',
  summary: 'show the requests of other programs, and cancel one',
  usage: ['requests [--model MODEL] [--node NODE] [--state STATE] [--watch]', 'requests cancel ID'],
  options: {
    model: { type: 'string' },
    node: { type: 'string' },
    state: { type: 'string' },
    watch: { type: 'boolean' },
  },
  async run(context) {
    const [verb, ...positionals] = context.positionals;
    if (verb !== undefined && verb !== 'cancel') throw usageError(`There is no command "requests ${verb}".`);
    const rest = { ...context, positionals };
    if (verb === undefined) noPositionals(rest);
    else if (context.values.watch === true) throw usageError('--watch shows requests; it cancels none.');
    if (verb === 'cancel') return cancel(context, onlyPositional(rest, 'request'));
    const link = await context.connect('running');
    return context.values.watch === true ? watch(context, link) : show(context, link);
  },
};
