import { describe, expect, it } from 'vitest';
import { isPanelUrl, mayLink, mayRequest, panelUrl } from '../../../electron/main/origin.ts';

describe('isPanelUrl', () => {
  it.each([
    [panelUrl, true],
    ['pilotlight://panel/fleet?x=1#y', true],
    ['pilotlight://panel', true],
    ['pilotlight://other/', false],
    ['pilotlight://panel.example.org/', false],
    ['pilotlight://panel:8080/', false],
    ['pilotlight://someone@panel/', false],
    ['pilotlight:panel', false],
    ['https://panel/', false],
    ['http://127.0.0.1/', false],
    ['file:///panel/index.html', false],
    ['about:blank', false],
    ['pilotlight', false],
    ['', false],
  ])('%j → %s', (url, expected) => {
    expect(isPanelUrl(url)).toBe(expected);
  });
});

describe('mayLink', () => {
  it('lets the panel in the main frame in', () => {
    expect(mayLink({ frameUrl: panelUrl, isMainFrame: true })).toBe(true);
  });

  it.each([
    ['a frame inside the page', { frameUrl: panelUrl, isMainFrame: false }],
    ['another origin', { frameUrl: 'https://example.org/', isMainFrame: true }],
    ['an empty address', { frameUrl: '', isMainFrame: true }],
    ['a missing address', { frameUrl: undefined, isMainFrame: true }],
    ['a frame that is gone', { frameUrl: null, isMainFrame: true }],
  ])('refuses %s', (_, sender) => {
    expect(mayLink(sender)).toBe(false);
  });
});

describe('mayRequest', () => {
  it.each([
    [panelUrl, true],
    ['pilotlight://panel/assets/a.js', true],
    ['blob:pilotlight://panel/0b8e', true],
    ['data:image/png;base64,AA==', true],
    ['devtools://devtools/bundled/inspector.html', true],
    ['blob:https://example.org/0b8e', false],
    ['https://example.org/', false],
    ['http://127.0.0.1:11434/', false],
    ['ws://127.0.0.1:11434/', false],
    ['file:///etc/passwd', false],
    ['nonsense', false],
  ])('%j → %s', (url, expected) => {
    expect(mayRequest(url)).toBe(expected);
  });
});
