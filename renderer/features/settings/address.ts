/** What the Settings page shows, in its address. Pure. */
import { fieldsOf, hashWith } from '../../components/hash.ts';

export interface SettingsAddress {
  /** What is searched for. */
  text: string;
  /** The setting that a link leads to, like `optimizer.on`; null for none. */
  setting: string | null;
}

export function readSettings(hash: string): SettingsAddress {
  const fields = fieldsOf('settings', hash);
  return { text: (fields.get('q') ?? '').slice(0, 200), setting: fields.get('setting') || null };
}

export const settingsHash = ({ text, setting }: SettingsAddress): string =>
  hashWith('#/settings', { q: text || null, setting });
