import { Eye } from 'lucide-react';
import { useEffect, useId } from 'react';
import type { PromptKeeping } from '../../../shared/models/requests.ts';
import { plural } from '../../../shared/units.ts';
import { client } from '../../client/index.ts';
import { Button } from '../../components/button.tsx';
import { useNow } from '../../components/now.ts';
import { Switch } from '../../components/switch.tsx';
import { formatCountdown } from '../../components/time.tsx';
import { useAction } from '../../components/use-action.ts';
import { useConnection } from '../../stores/connection.ts';
import { keepPrompts, loadPromptKeeping, usePromptKeeping, useRequests } from '../../stores/requests.ts';

const isOn = (keeping: PromptKeeping | null, now: number) => keeping?.until != null && keeping.until > now;

/** Asks whether prompts are kept: when the page opens, after a lost connection, and when its end has come. */
export function useKnownPromptKeeping(): { keeping: PromptKeeping | null; on: boolean; leftMs: number } {
  const { keeping } = usePromptKeeping();
  const live = useConnection((status) => status.state === 'live');
  const now = useNow();
  const on = isOn(keeping, now);
  // Another panel may have turned it on: then requests arrive that have a prompt.
  const someHas = useRequests((state) => Object.values(state.entries).some(({ hasPrompt }) => hasPrompt));
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these changes is a reason to ask again.
  useEffect(() => {
    if (live) void loadPromptKeeping(client);
  }, [live, on, someHas]);
  return { keeping, on, leftMs: on ? (keeping?.until ?? now) - now : 0 };
}

/** A mark at the top of the page while prompts are kept. Nothing otherwise. */
export function PromptKeepingMark() {
  const { keeping, on, leftMs } = useKnownPromptKeeping();
  const { busy, run } = useAction();
  if (!on || !keeping) return null;
  return (
    <section
      aria-label="Prompts are being kept"
      className="mb-4 flex min-h-12 flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-flame/60 bg-flame-wash px-4 py-2 text-flame-text"
    >
      <Eye size={16} aria-hidden="true" className="shrink-0" />
      <p className="min-w-0 flex-1 basis-60">
        <span className="font-medium">Prompts are being kept</span> for another {formatCountdown(leftMs)}, in
        memory only. {plural(keeping.count, 'prompt')} so far.
      </p>
      <Button
        size="small"
        busy={busy}
        onClick={() => run(() => keepPrompts(client, false), 'Prompts forgotten')}
      >
        Stop and forget
      </Button>
    </section>
  );
}

/** The switch, with where prompts are kept and for how long. Nothing while it is not known. */
export function PromptKeepingSwitch() {
  const id = useId();
  const { keeping, on, leftMs } = useKnownPromptKeeping();
  const { busy, run } = useAction();
  if (!keeping) return null;
  return (
    <div className="flex items-start gap-3">
      <label htmlFor={id} className="min-w-0 flex-1">
        <span className="block font-medium">Keep prompts for an hour</span>
        <span className="block text-[0.8125rem] text-soft">
          What programs send from now on can be read here. It stays in memory on the computer that runs
          Pilotlight, is never written to disk, and is forgotten after an hour or when you turn this off.
        </span>
        <span className="block min-h-5 text-xs text-flame-text">
          {on && `On for another ${formatCountdown(leftMs)}`}
        </span>
      </label>
      <Switch
        id={id}
        on={on}
        disabled={busy}
        onChange={(next) =>
          void run(
            () => keepPrompts(client, next),
            next ? 'Prompts are kept for an hour' : 'Prompts forgotten',
          )
        }
      />
    </div>
  );
}
