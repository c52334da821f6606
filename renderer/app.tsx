import { Suspense, useEffect } from 'react';
import { client } from './client/index.ts';
import { latePart, loadLateParts } from './components/late-part.ts';
import { Loading, Skeleton } from './components/page.tsx';
import { TooltipProvider } from './components/tooltip.tsx';
import { useKeep } from './components/use-keep.ts';
import { FleetPage } from './features/fleet/page.tsx';
import { CrashGuard } from './features/shell/crash.tsx';
import { HelpHost } from './features/shell/help-host.tsx';
import { followActivityForLostGpus, followActivityForNotifications } from './features/shell/notifications.ts';
import { OfflineBanner } from './features/shell/offline-banner.tsx';
import { startPreferences } from './features/shell/preferences.ts';
import { Rail } from './features/shell/rail.tsx';
import { reportWhileVisible } from './features/shell/report-visible.ts';
import { type PageName, useNodeInHash, usePage } from './features/shell/route.ts';
import { followSearchKey } from './features/shell/search-focus.ts';
import { SharedDialogs } from './features/shell/shared-dialogs.tsx';
import { followActivityForSpeech } from './features/shell/spoken-activity.ts';
import { Toasts } from './features/shell/toasts.tsx';
import { TopBar } from './features/shell/top-bar.tsx';
import { Unauthorized } from './features/shell/unauthorized.tsx';
import { activityStore } from './stores/activity.ts';
import { useConnection } from './stores/connection.ts';
import { coreStore } from './stores/core.ts';
import { fleetStore } from './stores/fleet.ts';
import { jobsStore } from './stores/jobs.ts';
import { powerStore } from './stores/power.ts';
import { settingsStore } from './stores/settings.ts';
import { sourcesStore } from './stores/sources.ts';
import { wakeStore } from './stores/wakes.ts';

// The first page is part of the first script, the others follow it.
const ModelsPage = latePart(() => import('./features/models/page.tsx'));
const SearchPage = latePart(() => import('./features/search/page.tsx'));
const IndexPage = latePart(() => import('./features/index/page.tsx'));
const TasksPage = latePart(() => import('./features/tasks/page.tsx'));
const RequestsPage = latePart(() => import('./features/requests/page.tsx'));
const RunnerPage = latePart(() => import('./features/runner/page.tsx'));
const ActivityPage = latePart(() => import('./features/activity/page.tsx'));
const SettingsPage = latePart(() => import('./features/settings/page.tsx'));
const NodePage = latePart(() => import('./features/node/page.tsx'));

startPreferences();

export function App() {
  const unauthorized = useConnection((status) => status.state === 'unauthorized');
  return <TooltipProvider delayDuration={300}>{unauthorized ? <Unauthorized /> : <Panel />}</TooltipProvider>;
}

function Panel() {
  const page = usePage();
  const nodeId = useNodeInHash();
  useEffect(() => {
    const stops = [coreStore.keep(client), fleetStore.keep(client), jobsStore.keep(client)];
    stops.push(followActivityForNotifications(), followActivityForLostGpus(), followActivityForSpeech());
    stops.push(wakeStore.keep(client));
    stops.push(activityStore.keep(client), reportWhileVisible(), followSearchKey(), loadLateParts());
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  useKeep(sourcesStore);
  useKeep(powerStore);
  // What is shown as a notification is one of them.
  useKeep(settingsStore);

  return (
    <div className="flex min-h-dvh flex-col sm:flex-row">
      <button
        type="button"
        onClick={() => document.getElementById('main')?.focus()}
        className="sr-only rounded-lg bg-raised px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to content
      </button>
      <Rail page={page} />
      <div className="flex min-w-0 flex-1 flex-col pb-20 sm:pb-0">
        <TopBar />
        <OfflineBanner />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          <CrashGuard key={nodeId === null ? page : `node/${nodeId}`}>
            <Suspense
              fallback={
                <Loading what="the page">
                  <Skeleton className="m-6 h-64" />
                </Loading>
              }
            >
              {nodeId === null ? <PageView page={page} /> : <NodePage nodeId={nodeId} />}
            </Suspense>
          </CrashGuard>
        </main>
      </div>
      <SharedDialogs />
      <HelpHost />
      <Toasts />
    </div>
  );
}

function PageView({ page }: { page: PageName }) {
  switch (page) {
    case 'fleet':
      return <FleetPage />;
    case 'models':
      return <ModelsPage />;
    case 'search':
      return <SearchPage />;
    case 'index':
      return <IndexPage />;
    case 'tasks':
      return <TasksPage />;
    case 'requests':
      return <RequestsPage />;
    case 'runner':
      return <RunnerPage />;
    case 'activity':
      return <ActivityPage />;
    case 'settings':
      return <SettingsPage />;
  }
}
