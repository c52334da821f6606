import { memo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { isServing } from '../../../shared/models/serving.ts';
import type { WakeProgress as Wake } from '../../../shared/models/wake.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { nodeStateLabel } from '../../../shared/text/node-state.ts';
import { formatDuration } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { StateGlyph } from '../../components/glyphs.tsx';
import { cardClass } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useFleet } from '../../stores/fleet.ts';
import { useWake } from '../../stores/wakes.ts';
import { PowerLines } from '../power/power-lines.tsx';
import { PowerMenu } from '../power/power-menu.tsx';
import { nodeHref } from '../shell/route.ts';
import { DiagnoseButton } from './diagnose-button.tsx';
import { rowsFrom } from './fleet-rows.ts';
import { NodeMenu } from './node-menu.tsx';
import { wakeHint } from './node-text.ts';
import { Readings } from './readings.tsx';
import { useForce } from './use-force.ts';
import { LoadedModels, VramBar } from './vram-bar.tsx';
import { WakeProgress, WakeSteps } from './wake-progress.tsx';

const hot = { 'gpu-verified': 'border-flame/60', trouble: 'border-trouble-line' } as const;

/** One machine. Reads its own entry, so that a frame redraws only the cards that changed. */
export const NodeCard = memo(function NodeCard({ nodeId }: { nodeId: string }) {
  const node = useFleet((state) => state.entries[nodeId]);
  const wake = useWake(nodeId);
  const isLarge = useFleet(({ keys }) => keys.length >= rowsFrom);
  if (!node) return null;
  const isUnwell = hasOllamaTrouble(node);
  const state = isUnwell ? 'trouble' : node.state;
  const border = state === 'gpu-verified' || state === 'trouble' ? hot[state] : '';
  const awake = isServing(node.state);
  // There is little to say about one that is off, and about this computer where the fleet is elsewhere.
  const isSmall = (!awake && !wake && node.state !== 'unknown') || (isLarge && node.kind === 'this-computer');
  return (
    <article
      aria-label={`${node.name}: ${nodeStateLabel(node)}`}
      className={`${cardClass} ${border} flex min-w-0 flex-col gap-3 p-4 [content-visibility:auto] ${isSmall ? '[contain-intrinsic-size:auto_8rem]' : 'min-h-56 [contain-intrinsic-size:auto_16rem]'}`}
    >
      <header>
        <div className="flex items-start gap-2">
          <h2 className="line-clamp-2 min-w-0 flex-1 font-semibold break-words" title={node.name}>
            <a
              href={nodeHref(node.id)}
              className="rounded decoration-flame decoration-2 underline-offset-4 hover:underline"
            >
              {node.name}
            </a>
          </h2>
          <p
            className={`flex shrink-0 items-center gap-1.5 text-[0.8125rem] font-medium ${isUnwell ? 'text-trouble-text' : ''}`}
          >
            <StateGlyph state={node.state} lost={isUnwell} />
            {nodeStateLabel(node)}
          </p>
        </div>
        <p className="truncate text-xs text-faint" title={node.url ?? undefined}>
          <Address node={node} />
        </p>
      </header>

      <div
        className={`grid flex-1 grid-cols-1 gap-3 ${wake && !awake ? 'grid-rows-[1fr]' : 'content-start'}`}
      >
        <Body node={node} wake={wake} awake={awake} readings={!isSmall || !awake} />
        <PowerLines node={node} />
      </div>

      {(awake || !wake) && <Actions node={node} awake={awake} />}
    </article>
  );
});

function Address({ node }: { node: NodeView }) {
  const url = node.url ?? node.agentUrl;
  if (!url) return <>built-in embedder only</>;
  return (
    <>
      {node.kind === 'this-computer' && 'this computer · '}
      <span className="font-mono">{url.replace(/^https?:\/\//, '')}</span>
      {node.server?.version && ` · ${node.server.product} ${node.server.version}`}
    </>
  );
}

function Body({
  node,
  wake,
  awake,
  readings,
}: {
  node: NodeView;
  wake: Wake | null;
  awake: boolean;
  readings: boolean;
}) {
  if (wake && !awake) return <WakeProgress node={node} wake={wake} />;
  return (
    <>
      {wake && <WakeSteps wake={wake} lost={node.gpuLost !== null} />}
      {node.trouble && (
        <Problem compact message={node.trouble.message} next={node.trouble.next} code={node.trouble.code} />
      )}
      {awake && (
        <>
          <VramBar node={node} />
          {node.url && node.hasGpu === false && (
            <p className="text-[0.8125rem] text-soft">No GPU: models run on the CPU</p>
          )}
          {node.url && <LoadedModels node={node} />}
        </>
      )}
      {readings && (awake || node.kind === 'this-computer') && <Readings node={node} />}
      {!awake && !node.trouble && <Asleep node={node} />}
      {node.lastWakeError && (
        <Problem
          compact
          message={node.lastWakeError.message}
          next={node.lastWakeError.next}
          code={node.lastWakeError.code}
        >
          <DiagnoseButton node={node} />
        </Problem>
      )}
    </>
  );
}

function Asleep({ node }: { node: NodeView }) {
  // It runs this program, so it is awake, whatever its server does.
  const here = node.kind === 'this-computer';
  if (node.kind === 'this-computer' && !node.url) {
    return (
      <p className="text-[0.8125rem] text-soft">
        Indexes with the built-in embedder. Start Ollama here to use its models too.
      </p>
    );
  }
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-[0.8125rem] text-soft">
      <li>
        {node.lastSeenAt === null ? (
          here ? (
            'Ollama has not answered yet'
          ) : (
            'Never seen awake'
          )
        ) : (
          <>
            {here ? 'Ollama last answered' : 'Last awake'} <Ago at={node.lastSeenAt} />
          </>
        )}
      </li>
      {node.boot.usualMs !== null && <li>Usually boots in {formatDuration(node.boot.usualMs)}</li>}
      {!node.canWake && node.kind !== 'this-computer' && <li>{wakeHint(node)}</li>}
    </ul>
  );
}

function Actions({ node, awake }: { node: NodeView; awake: boolean }) {
  const wake = useAction();
  const { busy, force } = useForce();
  const flagged = node.loaded.some((model) => model.flagged);
  return (
    <footer className="flex items-center gap-2">
      {!awake && node.canWake && node.state !== 'trouble' && (
        <Button
          size="small"
          tone="warm"
          busy={wake.busy}
          aria-label={`Wake ${node.name}`}
          onClick={() => wake.run(() => client.call('power.wake', { nodeId: node.id }))}
        >
          Wake
        </Button>
      )}
      {awake && <PowerMenu node={node} />}
      {awake && serverCan(node, 'moves') && node.hasGpu !== false && (
        <Button
          size="small"
          tone={flagged ? 'primary' : 'plain'}
          busy={busy}
          aria-label={`Force to GPU: priority models on ${node.name}`}
          onClick={() => force('gpu', node.id, null)}
        >
          Force to GPU
        </Button>
      )}
      {!awake && (node.url ?? node.agentUrl) && (
        <Button
          size="small"
          tone={node.canWake && node.state !== 'trouble' ? 'quiet' : 'plain'}
          busy={wake.busy}
          aria-label={`Check again: ${node.name}`}
          onClick={() => wake.run(() => client.call('fleet.look', { nodeId: node.id }))}
        >
          {' '}
          Check again{' '}
        </Button>
      )}
      <span className="flex-1" />
      <NodeMenu node={node} awake={awake} />
    </footer>
  );
}
