import { Cpu, Download, Flame } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { hasOllamaTrouble } from '../../../shared/models/ollama-trouble.ts';
import { isServing } from '../../../shared/models/serving.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { PlacementGlyph } from '../../components/glyphs.tsx';
import { Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useKeep } from '../../components/use-keep.ts';
import { selectNodes, useFleet } from '../../stores/fleet.ts';
import { optimizerStore } from '../../stores/optimizer.ts';
import { settingsStore } from '../../stores/settings.ts';
import { telemetryStore } from '../../stores/telemetry.ts';
import { addToast, toastError } from '../../stores/toasts.ts';
import { useForce } from '../fleet/use-force.ts';
import { OllamaTrouble } from '../power/ollama-trouble.tsx';
import { openDialog } from '../shell/open-dialog.ts';
import { goTo } from '../shell/route.ts';
import { modelsHash, openCellHash, readModelsFilter, readOpenCell } from './address.ts';
import { CellPanel } from './cell-panel.tsx';
import { Downloads } from './downloads.tsx';
import { countLoaded, filterMatrix, noFilter } from './filter.ts';
import { buildMatrix, togglePriority } from './matrix.ts';
import { MatrixTable } from './matrix-table.tsx';
import { MatrixTools } from './matrix-tools.tsx';
import { MovesHistory } from './moves-history.tsx';
import { OptimizerLine } from './optimizer-line.tsx';

const noPatterns: string[] = [];

/** Machines with known models come first; the others have empty columns. */
function knownFirst(nodes: readonly NodeView[]): NodeView[] {
  const known = (node: NodeView) => Number(node.installed.length + node.loaded.length > 0);
  return nodes.toSorted((a, b) => known(b) - known(a));
}

export default function ModelsPage() {
  useKeep(optimizerStore);
  useKeep(settingsStore);
  useKeep(telemetryStore);
  const fleet = useFleet();
  const patterns = settingsStore.use(
    (state) => state.entries.settings?.optimizer.priorityModels ?? noPatterns,
  );
  const { address: open, go } = useAddress(readOpenCell, openCellHash);
  const { force, busy } = useForce();

  // A node without a server has no models, and no column.
  const nodes = useMemo(() => knownFirst(selectNodes(fleet).filter((node) => node.url !== null)), [fleet]);
  const rows = useMemo(() => buildMatrix(nodes, patterns), [nodes, patterns]);
  const counts = useMemo(() => countLoaded(nodes), [nodes]);
  const loaded = counts.gpu + counts.partial + counts.cpu;
  const { flagged } = counts;
  const { address: filter, change: setFilter } = useAddress(readModelsFilter, modelsHash);
  const shown = useMemo(() => filterMatrix(nodes, rows, filter), [nodes, rows, filter]);

  const onOpen = useCallback((nodeId: string, model: string) => go({ nodeId, model }), [go]);
  const onStar = useCallback((model: string) => {
    const current = settingsStore.use.getState().entries.settings;
    if (!current) return;
    const priorityModels = togglePriority(model, current.optimizer.priorityModels);
    if (priorityModels === null) {
      addToast({
        tone: 'info',
        message: 'A pattern with * makes it a priority model.',
        next: 'Change the pattern in Settings.',
      });
      return;
    }
    client.call('settings.update', { optimizer: { priorityModels } }).catch(toastError);
  }, []);

  return (
    <Page
      title="Models"
      summary={
        fleet.ready &&
        `${plural(rows.length, 'model')} · ${loaded} loaded${flagged > 0 ? ` · ${flagged} should be on a GPU` : ''}`
      }
      actions={
        nodes.length > 0 && (
          <>
            <Button onClick={() => openDialog({ dialog: 'pull', model: '', from: null })}>
              <Download size={16} aria-hidden="true" /> Download a model
            </Button>
            {nodes.some((node) => isServing(node.state) && node.hasGpu !== false) && (
              <Button
                tone={flagged > 0 ? 'primary' : 'plain'}
                busy={busy}
                onClick={() => force('gpu', null, null)}
              >
                <Flame size={16} aria-hidden="true" /> Force priority to GPU
              </Button>
            )}
            {nodes.some((node) => isServing(node.state)) && (
              <Button busy={busy} onClick={() => force('cpu', null, null)}>
                <Cpu size={16} aria-hidden="true" /> Force priority to CPU{' '}
              </Button>
            )}
          </>
        )
      }
    >
      <OptimizerLine />
      <Downloads />
      <Troubles nodes={nodes} />
      {!fleet.ready ? (
        <Loading what="the models">
          <Skeleton className="h-72" />
        </Loading>
      ) : rows.length === 0 ? (
        <Empty title="No models yet" actions={<Button onClick={() => goTo('fleet')}>Go to Fleet</Button>}>
          Models appear once a machine with Ollama responds. Add or wake one on the Fleet page.
        </Empty>
      ) : (
        <>
          <MatrixTools
            counts={counts}
            filter={filter}
            onFilter={setFilter}
            shown={{ models: shown.rows.length, machines: shown.nodes.length }}
          />
          {shown.rows.length === 0 || shown.nodes.length === 0 ? (
            <Empty
              title="Nothing matches this filter"
              actions={<Button onClick={() => setFilter(noFilter)}>Show all</Button>}
            />
          ) : (
            <MatrixTable nodes={shown.nodes} rows={shown.rows} onOpen={onOpen} onStar={onStar} />
          )}
          <Key />
        </>
      )}
      <MovesHistory />
      {open.nodeId !== null && open.model !== null && (
        <CellPanel
          nodeId={open.nodeId}
          model={open.model}
          onClose={() => go({ nodeId: null, model: null })}
        />
      )}
    </Page>
  );
}

/** Machines whose Ollama has no GPU or loads nothing, each with its fix. */
function Troubles({ nodes }: { nodes: readonly NodeView[] }) {
  const troubled = nodes.filter(hasOllamaTrouble);
  if (troubled.length === 0) return null;
  return (
    <div className="mb-6 grid gap-2">
      {troubled.map((node) => (
        <OllamaTrouble key={node.id} node={node} named />
      ))}
    </div>
  );
}

function Key() {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-faint" aria-label="Legend">
      <li className="flex items-center gap-1.5">
        <PlacementGlyph at="gpu" size={12} /> on the GPU
      </li>
      <li className="flex items-center gap-1.5">
        <PlacementGlyph at="partial" size={12} /> partly on the GPU{' '}
      </li>
      <li className="flex items-center gap-1.5">
        <PlacementGlyph at="cpu" size={12} /> on the CPU
      </li>
      <li className="flex items-center gap-1.5">
        <PlacementGlyph at="disk" size={12} /> on disk
      </li>
    </ul>
  );
}
