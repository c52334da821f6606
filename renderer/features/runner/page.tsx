import { Download, FolderPlus } from 'lucide-react';
import { useState } from 'react';
import type { RunnerView } from '../../../shared/models/runner.ts';
import { plural } from '../../../shared/units.ts';
import { Button } from '../../components/button.tsx';
import { Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { PartTabs } from '../../components/part-tabs.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useKeep } from '../../components/use-keep.ts';
import { runnersStore, selectRunners, useRunners } from '../../stores/runners.ts';
import { settingsStore } from '../../stores/settings.ts';
import { type RunnerPart, runnerHref, settingHref } from '../shell/route.ts';
import { AddModel } from './add-model.tsx';
import { ImmichDoor } from './immich-door.tsx';
import { Models } from './models.tsx';
import { PullModel } from './pull-model.tsx';
import { RunnerCards } from './runner-cards.tsx';
import { isReady } from './runner-text.ts';
import { TryIt } from './try-it.tsx';
import { addressHash, readAddress } from './view.ts';

const parts: readonly [RunnerPart, string][] = [
  ['runners', 'Runners'],
  ['models', 'Models'],
  ['try', 'Try it'],
];

/** ONNX models for texts and faces: where they run, how well, and a place to try them. */
export default function RunnerPage() {
  useKeep(runnersStore);
  useKeep(settingsStore);
  const state = useRunners();
  const runners = selectRunners(state);
  const { address, change, go } = useAddress(readAddress, addressHash);
  const { part, nodeId } = address;
  const [dialog, setDialog] = useState<{ kind: 'add' | 'pull'; nodeId: string | null } | null>(null);
  const open = (kind: 'add' | 'pull', on: string | null) => setDialog({ kind, nodeId: on });
  const asked = dialog?.nodeId ?? nodeId;

  return (
    <Page
      title="Runner"
      summary={state.ready ? <Summary runners={runners} /> : null}
      actions={
        runners.length > 0 && (
          <>
            <Button onClick={() => open('add', null)}>
              <FolderPlus size={16} aria-hidden="true" /> Add a folder
            </Button>
            <Button onClick={() => open('pull', null)}>
              <Download size={16} aria-hidden="true" /> Download a model
            </Button>
          </>
        )
      }
    >
      <PartTabs
        parts={parts.map(([name, title]) => ({ name, title, href: runnerHref(name, nodeId) }))}
        current={part}
      />
      {part === 'runners' && <ImmichDoor />}
      {!state.ready ? (
        <Loading what="the runners">
          <div className="grid gap-4 rail:grid-cols-2">
            <Skeleton className="h-96" />
            <Skeleton className="h-96" />
          </div>
        </Loading>
      ) : runners.length === 0 ? (
        <NoRunner />
      ) : part === 'runners' ? (
        <RunnerCards
          runners={runners}
          asked={nodeId}
          filter={address}
          onFilter={change}
          onAdd={(id) => open('add', id)}
          onPull={(id) => open('pull', id)}
        />
      ) : part === 'models' ? (
        <Models
          runners={runners}
          asked={nodeId}
          openKey={address.model}
          onOpen={(model) => go({ model })}
          onAdd={() => open('add', null)}
          onPull={() => open('pull', null)}
        />
      ) : (
        <TryIt runners={runners} asked={nodeId} />
      )}
      {dialog?.kind === 'add' && <AddModel runners={runners} asked={asked} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'pull' && (
        <PullModel runners={runners} asked={asked} onClose={() => setDialog(null)} />
      )}
    </Page>
  );
}

function Summary({ runners }: { runners: readonly RunnerView[] }) {
  const ready = runners.filter(isReady);
  const onGpu = ready.filter(({ status }) => status !== null && status.provider !== 'cpu').length;
  const models = new Set(ready.flatMap(({ status }) => status?.models.map(({ hash }) => hash) ?? [])).size;
  return (
    <>
      {plural(runners.length, 'runner')} · {ready.length} ready
      {onGpu > 0 && ` · ${onGpu} on a GPU`} · {plural(models, 'model')}
    </>
  );
}

function NoRunner() {
  const goToSetting = () => {
    location.hash = settingHref('runner.on');
  };
  return (
    <Empty title="No runner" actions={<Button onClick={goToSetting}>Runner settings</Button>}>
      The runner of this computer is switched off, and no other machine has one. Switch it on to use ONNX
      models here, or give the agent of a GPU machine the role “runner”.
    </Empty>
  );
}
