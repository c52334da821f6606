import { FolderSearch, Sparkles, Zap } from 'lucide-react';
import type { ReactNode } from 'react';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { FlameMark } from '../../components/glyphs.tsx';
import { useAction } from '../../components/use-action.ts';
import { GatewayStrip } from '../gateway/strip.tsx';
import { openDialog } from '../shell/open-dialog.ts';
import { goTo } from '../shell/route.ts';
import { dismissFirstRun } from './use-first-run.ts';

/** One screen with three ways to start. No account, no tour. */
export function FirstRun() {
  const { busy, run } = useAction();
  return (
    <section
      aria-labelledby="first-run"
      className="mx-auto flex min-h-[70dvh] max-w-5xl flex-col items-center justify-center py-4 text-center"
    >
      <FlameMark size={44} />
      <h2 id="first-run" className="mt-4 text-xl font-semibold tracking-tight text-balance sm:text-2xl">
        The small flame that lights the furnace only when heat is needed
      </h2>
      <p className="mt-2 max-w-prose text-soft text-pretty">
        Pilotlight wakes your GPU machine, puts the right models on its GPU, sends the work there and shows it
        live. Where would you like to start?
      </p>
      <div className="mt-6 grid w-full gap-3 text-left sm:mt-8 sm:gap-4 md:grid-cols-3">
        <Door
          icon={<FolderSearch size={20} aria-hidden="true" />}
          title="Use this computer"
          about="Index a folder now and search it. Nothing to download, nothing leaves this machine."
          onClick={() => {
            goTo('index');
            openDialog({ dialog: 'folder' });
          }}
        />
        <Door
          icon={<Zap size={20} aria-hidden="true" />}
          title="Add my GPU machine"
          about="Enter the address of its Ollama, llama.cpp, vLLM or LM Studio, and its MAC address if Pilotlight should wake it."
          onClick={() => openDialog({ dialog: 'node' })}
        />
        <Door
          icon={<Sparkles size={20} aria-hidden="true" />}
          title="Look around with a simulated fleet"
          about="Three simulated machines that sleep, wake and embed, on this computer only."
          busy={busy}
          onClick={() => run(() => client.call('fleet.simulate', { on: true }), 'Simulated fleet added')}
        />
      </div>
      <GatewayStrip className="mt-4 w-full sm:mt-6" />
      <Button tone="quiet" size="small" className="mt-6" onClick={dismissFirstRun}>
        {' '}
        Skip{' '}
      </Button>
    </section>
  );
}

function Door({
  icon,
  title,
  about,
  busy = false,
  onClick,
}: {
  icon: ReactNode;
  title: string;
  about: string;
  busy?: boolean;
  onClick(): void;
}) {
  return (
    <button
      type="button"
      disabled={busy}
      aria-busy={busy || undefined}
      onClick={onClick}
      className="group flex flex-col gap-1.5 rounded-xl border border-line bg-surface p-4 text-left transition-colors hover:border-flame disabled:opacity-55 sm:gap-2 sm:p-6"
    >
      <span className="text-flame">{icon}</span>
      <span className="font-semibold group-hover:text-flame-text">{title}</span>
      <span className="text-[0.8125rem] text-soft">{about}</span>
    </button>
  );
}
