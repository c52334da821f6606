import { Search } from 'lucide-react';
import { useEffect } from 'react';
import { Button } from '../../components/button.tsx';
import { hasWords } from '../../components/has-words.ts';
import { Empty, Loading, Page, Skeleton } from '../../components/page.tsx';
import { useAddress } from '../../components/use-address.ts';
import { useKeep } from '../../components/use-keep.ts';
import { settingsStore, useSettings } from '../../stores/settings.ts';
import { updatesStore } from '../../stores/updates.ts';
import { AccessCard } from '../access/access-card.tsx';
import { matchesAccess } from '../access/access-text.ts';
import { AgentsCard } from '../agents/agents-card.tsx';
import { StorageCard } from '../storage/storage-card.tsx';
import { UpdatesCard } from '../updates/updates-card.tsx';
import { readSettings, settingsHash } from './address.ts';
import { matchesDoors } from './doors.ts';
import { DoorsCard } from './doors-card.tsx';
import { matchesSetting, type SettingField, settingFields } from './fields.ts';
import { SettingsForm } from './form.tsx';
import { ThisPanel } from './this-panel.tsx';
import { Transfer } from './transfer.tsx';

/** Every setting, with its description, default and range. */
export default function SettingsPage() {
  useKeep(settingsStore);
  useKeep(updatesStore);
  const settings = useSettings();
  const { address, change } = useAddress(readSettings, settingsHash);
  const { text, setting: wanted } = address;
  // Another search is no longer about the setting that a link named.
  const setText = (next: string) => change({ text: next, setting: null });
  const there = settings !== null;
  useEffect(() => {
    if (wanted === null || !there) return;
    const control = document.getElementById(`setting-${wanted}`);
    control?.scrollIntoView({ block: 'center' });
    control?.focus({ preventScroll: true });
  }, [wanted, there]);

  const desktop = window.pilotlight !== undefined;
  const shows = (field: SettingField) =>
    (desktop || field.section !== 'desktop') && matchesSetting(field, text);
  const filtered = text.trim() !== '';
  const showsAccess = !filtered || matchesAccess(text);
  const showsDoors = !filtered || matchesDoors(text);
  const showsUpdates = !filtered || hasWords('updates version release notes check download install', text);
  const none = filtered && !showsAccess && !showsDoors && !showsUpdates && !settingFields.some(shows);
  return (
    <Page title="Settings" summary="Changes apply as soon as you save">
      <div className="max-w-3xl wide:grid wide:max-w-none wide:grid-cols-[48rem_minmax(0,44rem)] wide:items-start wide:gap-6">
        <div className="min-w-0">
          <search className="mb-4 block">
            <label className="relative block">
              <span className="sr-only">Search settings</span>
              <Search size={16} aria-hidden="true" className="absolute top-2.5 left-3 text-faint" />
              <input
                type="search"
                value={text}
                placeholder="Search settings"
                onChange={(event) => setText(event.target.value)}
                className="h-9 w-full rounded-lg border border-line-strong bg-surface pr-3 pl-9 hover:border-faint"
              />
            </label>
          </search>
          {settings ? (
            <SettingsForm settings={settings} shows={shows} />
          ) : (
            <Loading what="the settings">
              <Skeleton className="mb-4 h-96" />
            </Loading>
          )}
          {none && (
            <Empty
              title="No matching settings"
              actions={<Button onClick={() => setText('')}>Show all</Button>}
            >
              Search by name, description or section.
            </Empty>
          )}
        </div>
        <div className="min-w-0">
          {showsUpdates && <UpdatesCard />}
          {showsAccess && <AccessCard />}
          {showsDoors && <DoorsCard />}
          {!filtered && (
            <>
              <AgentsCard />
              <StorageCard />
              <ThisPanel />
              <Transfer />
            </>
          )}
        </div>
      </div>
    </Page>
  );
}
