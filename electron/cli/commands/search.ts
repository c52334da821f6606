import { type FileType, fileTypeSchema } from '../../../shared/models/indexing.ts';
import { textOf } from '../../../shared/text/index.ts';
import { placeText } from '../../../shared/text/place-text.ts';
import { formatDuration, plural } from '../../../shared/units.ts';
import { type Command, type CommandContext, findSource, usageError } from '../command.ts';
import { highlight } from '../format.ts';
import { cutTo } from '../terminal.ts';

/** null for all. Throws wrong usage. */
function typesOf(value: CommandContext['values'][string]): FileType[] | null {
  const wanted = Array.isArray(value) ? value.flatMap((one) => String(one).split(',')) : [];
  const types = wanted.map((one) => {
    const read = fileTypeSchema.safeParse(one.trim().toLowerCase());
    if (!read.success)
      throw usageError(
        `"${one}" is not a type of file.`,
        `Use one of: ${fileTypeSchema.options.join(', ')}.`,
      );
    return read.data;
  });
  return types.length === 0 ? null : [...new Set(types)];
}

export const search: Command = {
  name: 'search',
  summary: 'search the index by text and by meaning',
  usage: ['search WORDS… [--limit N] [--source FOLDER] [--type markdown|page|code|text] [--weak]'],
  options: {
    limit: { type: 'string' },
    source: { type: 'string', multiple: true },
    type: { type: 'string', multiple: true },
    weak: { type: 'boolean' },
  },
  async run(context) {
    const text = context.positionals.join(' ').trim();
    if (text === '') throw usageError('Missing argument: what to search for.');
    const limit = Number(context.values.limit ?? 10);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      throw usageError('--limit must be a number from 1 to 100.');
    }
    const types = typesOf(context.values.type);
    const link = await context.connect('fresh');
    const names = Array.isArray(context.values.source) ? context.values.source : [];
    const sources = await Promise.all(names.map((name) => findSource(link, String(name))));
    const sourceIds = sources.length === 0 ? null : sources.map((source) => source.id);
    const result = await link.call('index.search', { text, sourceIds, types, limit });
    if (context.json) return result;
    const { terminal } = context;
    const { style } = terminal;
    for (const notice of result.notices) terminal.line(style.ember(textOf(notice)));
    const strong = result.hits.filter(({ weak }) => !weak);
    const shown = context.values.weak === true ? result.hits : strong;
    const folded = result.hits.length - shown.length;
    if (shown.length === 0) terminal.line('No matches.');
    for (const [index, hit] of shown.entries()) {
      const place = hit.place === undefined ? '' : style.quiet(`  ${placeText(hit.place)}`);
      const heading = hit.heading === '' ? '' : style.quiet(`  ${hit.heading}`);
      terminal.line(
        `${String(index + 1).padStart(2)}. ${style.strong(hit.ingested?.title ?? hit.path)}${place}${heading}`,
      );
      terminal.line(
        `    ${cutTo(highlight(hit.snippet, hit.highlights, style), Math.max(40, terminal.width - 6))}`,
      );
    }
    if (folded > 0)
      terminal.line(style.quiet(`${plural(folded, 'weaker match', 'weaker matches')} · show with --weak`));
    terminal.line(
      style.quiet(`${plural(shown.length, 'match', 'matches')} in ${formatDuration(result.tookMs)}`),
    );
    return result;
  },
};
