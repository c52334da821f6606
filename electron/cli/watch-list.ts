/** Follows a list until Ctrl+C: all of it on a terminal, otherwise what has changed, the oldest first. */
import type { CommandContext } from './command.ts';

export async function watchList<Item extends { id: string }>(
  { terminal, json, sleep }: Pick<CommandContext, 'terminal' | 'json' | 'sleep'>,
  list: {
    everyMs: number;
    /** Newest first. */
    read(): Promise<readonly Item[]>;
    /** The first line is a heading. */
    linesOf(items: readonly Item[]): Promise<string[]> | string[];
  },
): Promise<never> {
  let before = new Map<string, string>();
  for (;;) {
    const items = await list.read();
    if (!json && terminal.isTerminal) {
      terminal.screen(await list.linesOf(items.slice(0, Math.max(1, terminal.height - 2))));
    } else {
      const now = new Map(items.map((item) => [item.id, JSON.stringify(item)]));
      const changed = items.filter(({ id }) => before.get(id) !== now.get(id)).reverse();
      before = now;
      if (json) for (const item of changed) terminal.line(JSON.stringify(item));
      else if (changed.length > 0)
        for (const line of (await list.linesOf(changed)).slice(1)) terminal.line(line);
    }
    await sleep(list.everyMs);
  }
}
