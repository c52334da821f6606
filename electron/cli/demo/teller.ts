/** Shows the demo in the terminal: one line per event, and a live line for progress. */
import type { NodeView } from '../../../shared/models/fleet.ts';
import { textOf } from '../../../shared/text/index.ts';
import { formatCount, formatDuration, plural } from '../../../shared/units.ts';
import { usedVramBytes } from '../../../shared/vram.ts';
import { wakeLine } from '../commands/wake.ts';
import { highlight, jobLine, placementText, stateText, table, vramText } from '../format.ts';
import { cutTo, type Terminal } from '../terminal.ts';
import type { DemoEnd, DemoTeller } from './story.ts';

export interface DemoNarrator extends DemoTeller {
  end(end: DemoEnd): void;
}

export function createNarrator({
  terminal,
  now,
  monotonic,
}: {
  terminal: Terminal;
  now: () => number;
  monotonic: () => number;
}): DemoNarrator {
  const { style } = terminal;
  const startedAt = monotonic();
  let told = 0;
  let verified = false;

  /** Prints a line after the elapsed time. */
  function tell(text: string): void {
    const time = `${((monotonic() - startedAt) / 1000).toFixed(1)} s`;
    terminal.line(`${style.quiet(time.padStart(7))}  ${text}`);
  }

  function tellVerified(tower: NodeView): void {
    if (verified || tower.state !== 'gpu-verified') return;
    verified = true;
    tell(`${stateText(tower, style)}: the whole model is on its GPU`);
  }

  const eventGlyphs = {
    woke: style.flame('◐'),
    placed: style.flame('▲'),
    'fell-back': style.quiet('△'),
    recovered: style.flame('▲'),
    waiting: style.ember('◌'),
    paused: style.quiet('‖'),
    resumed: style.ember('◌'),
    note: style.quiet('·'),
  };

  return {
    fleet(nodes) {
      terminal.line();
      terminal.line(style.strong('Pilotlight, on a simulated fleet'));
      terminal.line();
      const rows = nodes.map((node) => [
        `  ${node.name}`,
        stateText(node, style),
        vramText({ ...node.vram, usedBytes: usedVramBytes(node, null) }, node.hasGpu),
      ]);
      for (const line of table(rows)) terminal.line(line);
      terminal.line();
    },
    begin({ files, texts, model }) {
      tell(
        `Indexing the docs of this repository: ${plural(files, 'file')}, ${plural(texts, 'text')}, with ${model}`,
      );
    },
    moment({ job, tower, wake }) {
      for (const event of job.events.slice(told)) tell(`${eventGlyphs[event.kind]} ${textOf(event.message)}`);
      told = Math.max(told, job.events.length);
      tellVerified(tower);
      if (job.endedAt !== null) return;
      terminal.live(
        `         ${job.phase === 'waking' ? wakeLine(tower, wake, now(), style) : jobLine(job, style)}`,
      );
    },
    powerLost({ name, vectors, of }) {
      tell(
        `${style.bad('✗')} ${name} loses power, with ${formatCount(vectors)} of ${formatCount(of)} texts embedded`,
      );
    },
    end({ job, result, search, findings, held }) {
      const parts = job.nodes.map(
        (node) =>
          `${formatCount(node.vectors)} on ${node.name} ${node.placement === 'builtin' ? '' : placementText(node.placement, null, style)}`,
      );
      const glyph = held ? style.good('✓') : style.bad('✗');
      tell(
        `${glyph} ${plural(result.files, 'file')}, ${plural(result.vectors, 'vector')}: ${parts.join(', ')}`,
      );
      tell(`${glyph} Compared with the files: ${result.lost} lost, ${result.repeated} repeated`);
      for (const finding of findings) tell(`  ${finding}`);
      if (job.error) tell(`  ${job.error.message} ${job.error.next}`);
      terminal.line();
      terminal.line(`  Search: ${style.strong(search.query)}  ${style.quiet(formatDuration(search.tookMs))}`);
      for (const [index, hit] of search.hits.entries()) {
        const found = [hit.words ? 'text' : '', hit.vectors ? 'meaning' : ''].filter((kind) => kind !== '');
        terminal.line(
          `  ${index + 1}. ${style.strong(hit.path)}  ${style.quiet(`by ${found.join(' and ')}`)}`,
        );
        const width = Math.max(40, terminal.width - 8);
        terminal.line(`     ${cutTo(highlight(hit.snippet, hit.highlights, style), width)}`);
      }
      terminal.line();
      terminal.line(
        held
          ? `  Done in ${formatDuration(result.ms)}. Start the panel with "npm start"; "npm start -- --simulate" has this fleet.`
          : `  The demo did not go as planned: see above.`,
      );
    },
  };
}

/** Prints nothing; for `--json`. */
export const silentNarrator: DemoNarrator = {
  fleet() {},
  begin() {},
  moment() {},
  powerLost() {},
  end() {},
};
