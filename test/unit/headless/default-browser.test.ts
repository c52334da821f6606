import { expect, test } from 'vitest';
import { openingPlace } from '../../../electron/headless/default-browser.ts';

const commands: Record<string, string> = {
  'firefox.desktop': '/usr/share/applications/firefox.desktop firefox %u',
  'firefox_firefox.desktop':
    '/var/lib/snapd/desktop/applications/firefox_firefox.desktop env BAMF_DESKTOP_FILE_HINT=/var/lib/snapd/desktop/applications/firefox_firefox.desktop /snap/bin/firefox %u',
  'org.mozilla.firefox.desktop':
    '/var/lib/flatpak/exports/share/applications/org.mozilla.firefox.desktop /usr/bin/flatpak run --branch=stable --command=firefox --file-forwarding org.mozilla.firefox @@u %u @@',
  'snapshot.desktop': '/usr/share/applications/snapshot.desktop snapshot %u',
};

test.each([
  ['a browser of the system', 'firefox.desktop', 'firefox.desktop', 'private'],
  ['a Snap', 'firefox_firefox.desktop', 'firefox_firefox.desktop', 'downloads'],
  ['a Flatpak', 'org.mozilla.firefox.desktop', 'org.mozilla.firefox.desktop', 'downloads'],
  ['a program that is only called like a sandbox', 'snapshot.desktop', 'snapshot.desktop', 'private'],
  ['an entry that cannot be read', 'other.desktop', 'other.desktop', 'downloads'],
  ['nothing known', null, null, 'downloads'],
  ['only the handler of addresses known', null, 'firefox.desktop', 'private'],
  ['only the handler of files known', 'org.mozilla.firefox.desktop', null, 'downloads'],
  // The page would be shown as text, with its token.
  ['an editor for files', 'code.desktop', 'firefox.desktop', null],
])('%s: %s and %s give %s', (_what, file, address, place) => {
  expect(openingPlace({ file, address, commandOf: (entry) => commands[entry] ?? null })).toBe(place);
});
