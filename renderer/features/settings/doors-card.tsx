import { type ReactNode, useRef } from 'react';
import grafanaDashboard from '../../../docs/grafana-dashboard.json?url';
import { Address } from '../../components/address.tsx';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { cardClass } from '../../components/page.tsx';
import { useAction } from '../../components/use-action.ts';
import { useKeep } from '../../components/use-keep.ts';
import { useCoreStatus } from '../../stores/core.ts';
import { gatewayStore, useGateway } from '../../stores/gateway.ts';
import { immichStore, useImmich } from '../../stores/immich.ts';
import { runnersStore, selectRunners, useRunners } from '../../stores/runners.ts';
import { useSettings } from '../../stores/settings.ts';
import { settingHref } from '../shell/route.ts';
import { doorsOf, prometheusJob } from './doors.ts';
import { download } from './download.ts';

/** Where programs reach Pilotlight, and how it is watched with Prometheus and Grafana. */
export function DoorsCard() {
  useKeep(gatewayStore);
  useKeep(immichStore);
  useKeep(runnersStore);
  const core = useCoreStatus();
  const gateway = useGateway();
  const immich = useImmich();
  const settings = useSettings();
  const runner = useRunners(selectRunners).find((one) => one.from === 'this-computer') ?? null;
  const url = core?.url ?? null;
  return (
    <section aria-labelledby="settings-doors" className={`${cardClass} mb-4 p-4 sm:p-6`}>
      <h2 id="settings-doors" tabIndex={-1} className="font-semibold outline-none">
        API and metrics
      </h2>
      <p className="mb-2 text-[0.8125rem] text-soft">Where programs reach Pilotlight.</p>
      <ul className="divide-y divide-line">
        {doorsOf({ url, gateway, settings, runner, immich }).map((door) => (
          <li key={door.name} className="flex flex-wrap items-center gap-x-4 gap-y-1.5 py-3">
            <div className="min-w-0 flex-1 basis-56">
              <h3 className="font-medium">{door.name}</h3>
              <p className="text-[0.8125rem] text-soft">{door.about}</p>
            </div>
            {door.url !== null && <Address url={door.url} />}
            {door.url === null && door.setting !== null && (
              <span className="flex items-center gap-2 text-[0.8125rem] text-faint">
                Off
                <a
                  href={settingHref(door.setting)}
                  aria-label={`Change: ${door.name}`}
                  className="text-flame-text hover:underline"
                >
                  Change
                </a>
              </span>
            )}
          </li>
        ))}
      </ul>
      <PrometheusJob url={url} />
      <Part
        title="Grafana dashboard"
        about="Machines, gateway, indexing, runners and tasks. Import the file in Grafana."
      >
        <DashboardButton />
      </Part>
    </section>
  );
}

function PrometheusJob({ url }: { url: string | null }) {
  const shown = useRef<HTMLPreElement>(null);
  return (
    <Part
      title="Prometheus job"
      about="Generate a script key that may only view, and save it in the file named here."
      below={
        <pre
          ref={shown}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: A region that scrolls must be reachable by keyboard.
          tabIndex={0}
          className="mt-2 overflow-x-auto rounded-lg border border-line bg-sunken p-3 font-mono text-xs leading-5"
        >
          {prometheusJob(url)}
        </pre>
      }
    >
      <CopyButton from={shown} what="Prometheus job" label="Prometheus job" />
    </Part>
  );
}

function DashboardButton() {
  const { busy, run } = useAction();
  return (
    <Button
      size="small"
      busy={busy}
      aria-label="Download the Grafana dashboard"
      onClick={() =>
        run(async () => {
          const answer = await fetch(grafanaDashboard);
          download('pilotlight-grafana-dashboard.json', await answer.text());
        })
      }
    >
      Download
    </Button>
  );
}

function Part({
  title,
  about,
  children,
  below,
}: {
  title: string;
  about: string;
  children: ReactNode;
  below?: ReactNode;
}) {
  return (
    <div className="border-t border-line py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <div className="min-w-0 flex-1 basis-56">
          <h3 className="font-medium">{title}</h3>
          <p className="text-[0.8125rem] text-soft">{about}</p>
        </div>
        {children}
      </div>
      {below}
    </div>
  );
}
