import { useEffect, useState } from 'react';
import type { WireError } from '../../../shared/contract/errors.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import type { Explanation } from '../../../shared/models/placement.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { serverCan } from '../../../shared/server-can.ts';
import { formatBytes, formatCount, formatMemory } from '../../../shared/units.ts';
import { toWireError } from '../../client/errors.ts';
import { client } from '../../client/index.ts';
import { Anyway, useAnyway } from '../../components/anyway.tsx';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { PlacementGlyph, placementLabel } from '../../components/glyphs.tsx';
import { useNow } from '../../components/now.ts';
import { Loading, Skeleton } from '../../components/page.tsx';
import { Problem } from '../../components/problem.tsx';
import { Ago } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useFleet } from '../../stores/fleet.ts';
import { textOf } from '../../texts.ts';
import { useForce } from '../fleet/use-force.ts';
import { OllamaTrouble } from '../power/ollama-trouble.tsx';
import { openDialog } from '../shell/open-dialog.ts';
import { LastMove, useLastMove } from './last-move.tsx';
import { LoadProgress } from './load-progress.tsx';
import { MovePreviewCard, useMovePreview } from './move-preview.tsx';
import { OnDisk } from './on-disk.tsx';

/** A model on a node: why it is there, what a move would do, and its actions. */
export function CellPanel({ nodeId, model, onClose }: { nodeId: string; model: string; onClose(): void }) {
  const node = useFleet((state) => state.entries[nodeId]);
  return (
    <Dialog
      shape="panel"
      title={model}
      description={`on ${node?.name ?? 'a removed node'}`}
      onClose={onClose}
    >
      {node && <CellBody node={node} model={model} onClose={onClose} />}
    </Dialog>
  );
}

function CellBody({ node, model, onClose }: { node: NodeView; model: string; onClose(): void }) {
  const loaded = node.loaded.find((other) => other.name === model);
  const installed = node.installed.find((other) => other.name === model);
  const [asking, setAsking] = useState(false);
  const { force, busy: forcing } = useForce(() => setAsking(true));
  const lastMove = useLastMove(node.id, model);
  const { run, busy } = useAction();
  const serving = isServing(node.state);
  const pinned = loaded?.pinned ?? false;
  const unload = useAnyway(
    (anyway) => client.call('models.unload', { model, nodeId: node.id, anyway }),
    `${model} unloaded`,
  );
  const [moving, setMoving] = useState<{ target: 'gpu' | 'cpu'; since: number } | null>(null);
  async function move(target: 'gpu' | 'cpu', anyway = false): Promise<void> {
    setMoving({ target, since: Date.now() });
    await force(target, node.id, model, anyway);
    setMoving(null);
  }
  const preview = useMovePreview({ nodeId: node.id, model }, (target) => move(target));
  const working = busy || forcing || preview.busy || unload.busy;

  const moves = node.server === null || serverCan(node, 'moves');
  return (
    <div className="grid gap-5">
      <p className="flex items-center gap-2 text-base font-medium">
        <PlacementGlyph at={loaded ? loaded.placement : 'disk'} size={18} />
        {loaded ? placementLabel(loaded) : 'On disk, not loaded'}
      </p>

      <OllamaTrouble node={node} />
      {node.hasGpu === false && <p className="text-soft">No GPU: models run on the CPU</p>}
      {lastMove && (
        <LastMove
          move={lastMove}
          focus={asking}
          busy={working}
          onAnyway={() => {
            setAsking(false);
            void move('gpu', true);
          }}
        />
      )}
      <Why
        nodeId={node.id}
        model={model}
        said={lastMove !== null}
        gpuLost={node.gpuLost !== null}
        key={`${loaded?.placement}${loaded?.vramBytes}${pinned}${node.state}${node.gpuLost?.since}${lastMove?.id}`}
      />

      {moves ? (
        <div className="grid grid-cols-2 gap-2">
          {node.hasGpu !== false && (
            <Button
              tone={loaded?.placement === 'gpu' ? 'plain' : 'primary'}
              className="justify-center"
              busy={working}
              disabled={!serving}
              onClick={() => void preview.move('gpu')}
            >
              Force to GPU
            </Button>
          )}
          <Button
            className="justify-center"
            busy={working}
            disabled={!serving}
            onClick={() => void preview.move('cpu')}
          >
            {node.hasGpu === false ? 'Load' : 'Force to CPU'}
          </Button>
          <Button
            className="justify-center"
            busy={working}
            onClick={() =>
              run(
                () => client.call('models.pin', { model, nodeId: node.id, pinned: !pinned }),
                pinned ? 'Unpinned' : 'Pinned. The optimizer leaves it here.',
              )
            }
          >
            {pinned ? 'Unpin' : 'Pin here'}
          </Button>
          <Button
            className="justify-center"
            busy={working}
            disabled={!serving || !loaded}
            onClick={unload.run}
          >
            Unload
          </Button>
        </div>
      ) : (
        <p className="text-soft">Its server loads and places models by itself.</p>
      )}
      {moves && serving && preview.preview === null && (
        <Button
          tone="quiet"
          size="small"
          className="justify-self-start"
          busy={preview.busy}
          onClick={() => preview.show(loaded?.placement === 'gpu' || node.hasGpu === false ? 'cpu' : 'gpu')}
        >
          Preview a move
        </Button>
      )}
      {preview.preview && (
        <MovePreviewCard
          preview={preview.preview}
          busy={working}
          onMove={() => {
            const { target } = preview.preview ?? { target: 'gpu' as const };
            preview.close();
            void move(target);
          }}
          onCancel={preview.close}
        />
      )}
      {moving !== null && (
        <LoadProgress
          node={node}
          model={model}
          {...moving}
          neededBytes={preview.expected?.room?.neededBytes ?? installed?.sizeBytes ?? null}
          usualMs={preview.expected?.duration?.ms ?? null}
        />
      )}
      <Anyway label="Unload anyway" action={unload} />
      {moves && !serving && (
        <p className="text-[0.8125rem] text-soft">The machine is not serving, so nothing can be moved.</p>
      )}

      {installed && (
        <OnDisk
          node={node}
          model={model}
          digest={installed.digest}
          sizeBytes={installed.sizeBytes}
          onCopy={() => {
            onClose();
            openDialog({ dialog: 'pull', model, from: node.id });
          }}
          onDeleted={onClose}
        />
      )}

      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 border-t border-line pt-4 text-[0.8125rem]">
        {loaded && (
          <>
            <Fact name="In memory">{formatMemory(loaded.sizeBytes)}</Fact>
            <Fact name="In VRAM">{loaded.vramBytes > 0 ? formatMemory(loaded.vramBytes) : 'none'}</Fact>
            {loaded.modelfileLayers !== undefined && (
              <Fact name="Modelfile">num_gpu {loaded.modelfileLayers}</Fact>
            )}
            <Fact name="Context">
              {loaded.contextLength === null ? 'unknown' : `${formatCount(loaded.contextLength)} tokens`}
            </Fact>
            <Fact name="Unloads">
              <Stays until={loaded.expiresAt} />
            </Fact>
          </>
        )}
        {installed && (
          <>
            <Fact name="On disk">
              {installed.sizeBytes > 0 ? formatBytes(installed.sizeBytes) : 'not reported'}
            </Fact>
            <Fact name="Size">
              {[installed.parameterSize, installed.quantization].filter(Boolean).join(', ') || 'unknown'}
            </Fact>
            {installed.capabilities && <Fact name="Capabilities">{installed.capabilities.join(', ')}</Fact>}
            <Fact name="Digest">
              <span className="font-mono text-xs break-all">{installed.digest.slice(0, 12)}</span>
            </Fact>
          </>
        )}
        <Fact name="Last seen">
          {isServing(node.state) ? 'now' : node.lastSeenAt === null ? 'never' : <Ago at={node.lastSeenAt} />}
        </Fact>
      </dl>
    </div>
  );
}

/** Explanations of a move that failed. */
const failures: ReadonlySet<string> = new Set(['FAILED_LATELY', 'LOAD_FAILED_LATELY']);

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function Stays({ until }: { until: number | null }) {
  const now = useNow();
  if (until === null) return <>only on request</>;
  const minutes = Math.ceil((until - now) / 60_000);
  return <>{minutes > 0 ? `in ${formatCount(minutes)} min if unused` : 'soon'}</>;
}

/** `said`: the failed move is explained already. `gpuLost`: so is the lost GPU. */
function Why({
  nodeId,
  model,
  said,
  gpuLost,
}: {
  nodeId: string;
  model: string;
  said: boolean;
  gpuLost: boolean;
}) {
  const [explanation, setExplanation] = useState<Explanation | null>(null);
  const [error, setError] = useState<WireError | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    client
      .call('models.explain', { model, nodeId }, { signal: abort.signal })
      .then(setExplanation, (reason) => {
        if (!abort.signal.aborted) setError(toWireError(reason));
      });
    return () => abort.abort();
  }, [nodeId, model]);

  if (error) return <Problem message={error.message} next={error.next} code={error.code} />;
  if (!explanation) {
    return (
      <Loading what="the explanation">
        <Skeleton className="h-16" />
      </Loading>
    );
  }
  const isFailure = failures.has(explanation.reason.code);
  if ((isFailure && said) || (explanation.code === 'GPU_LOST' && gpuLost && !isFailure)) return null;
  return (
    <div className="rounded-lg border border-line bg-ground p-3">
      <p className="break-words">{textOf(explanation.reason)}</p>
      {explanation.evicts.length > 0 && (
        <p className="mt-1.5 break-words text-soft">A move would unload {explanation.evicts.join(', ')}.</p>
      )}
      {explanation.next && <p className="mt-1.5 break-words text-soft">{textOf(explanation.next)}</p>}
    </div>
  );
}
