import type { RunnerModel, RunnerView } from '../../../shared/models/runner.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { cardClass, Section } from '../../components/page.tsx';
import { useAction } from '../../components/use-action.ts';
import { runnerHref } from '../shell/route.ts';
import { TryFaces } from './try-faces.tsx';
import { runnersWith } from './try-logic.ts';
import { TryTexts } from './try-texts.tsx';

/** Two texts, or the faces of pictures, on a runner that the person chooses. */
export function TryIt({ runners, asked }: { runners: readonly RunnerView[]; asked: string | null }) {
  const texts = runnersWith(runners, 'text');
  const faces = runnersWith(runners, 'faces');
  return (
    <div className="grid items-start gap-6 rail:grid-cols-2">
      <Section title="Compare two texts" className="grid">
        <div className={`${cardClass} p-4`}>
          {texts.length === 0 ? (
            <NoModel kind="text" runners={runners} />
          ) : (
            <TryTexts choices={texts} asked={asked} />
          )}
        </div>
      </Section>
      <Section title="Find faces" className="grid">
        <div className={`${cardClass} p-4`}>
          {faces.length === 0 ? (
            <NoModel kind="faces" runners={runners} />
          ) : (
            <TryFaces choices={faces} asked={asked} />
          )}
        </div>
      </Section>
    </div>
  );
}

/** How to get one, or the runner that may have one. */
function NoModel({ kind, runners }: { kind: RunnerModel['kind']; runners: readonly RunnerView[] }) {
  const { busy, run } = useAction();
  const off = runners.find(
    ({ from, state, status }) => from === 'this-computer' && state === 'off' && !status,
  );
  return (
    <div className="grid justify-items-start gap-3 text-[0.8125rem] text-soft">
      <p>
        {kind === 'text'
          ? 'No runner that is known to be there has a model for texts.'
          : 'No runner that is known to be there has a model for faces. It takes two graphs in one folder: one that finds faces, and one that makes vectors of them.'}
      </p>
      <div className="flex flex-wrap gap-2">
        <Button
          size="small"
          onClick={() => {
            location.hash = runnerHref('models');
          }}
        >
          Go to Models
        </Button>
        {off && (
          <Button size="small" busy={busy} onClick={() => run(() => client.call('runner.start', {}))}>
            Start the runner of this computer
          </Button>
        )}
      </div>
    </div>
  );
}
