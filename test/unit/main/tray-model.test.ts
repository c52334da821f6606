import { describe, expect, it } from 'vitest';
import { iconName, trayTemplate } from '../../../electron/main/tray.ts';
import { trayModel } from '../../../electron/main/tray-model.ts';
import { fact } from '../../../shared/models/message.ts';
import { lease, power } from '../../e2e/support/power-scenes.ts';
import { aJob, aNode, aSource } from '../../fakes/records.ts';

const model = (state: Partial<Parameters<typeof trayModel>[0]>) =>
  trayModel({ nodes: [], power: [], jobs: [], sources: [], gateway: null, ...state });

describe('trayModel', () => {
  it.each([
    ['off', { canWake: true, hasGpu: true }, '○ box · off · Wake', 'wake'],
    ['off', { canWake: false, hasGpu: true }, '○ box · off', undefined],
    ['waking', { canWake: true, hasGpu: true }, '◔ box · waking', undefined],
    ['booting', { canWake: true, hasGpu: true }, '◔ box · booting', undefined],
    ['serving', { canWake: true, hasGpu: false }, '◐ box · serving', undefined],
    ['serving', { kind: 'simulated', hasGpu: true }, '◐ box · serving, GPU not checked', undefined],
    ['gpu-verified', { kind: 'remote', hasGpu: true }, '● box · gpu-verified', undefined],
    ['trouble', { canWake: true, hasGpu: true }, '⚠ box · trouble', undefined],
  ] as const)('a node that is %s, %j', (state, facts, label, kind) => {
    const [line] = model({
      nodes: [aNode({ id: 'box', name: 'box', url: 'http://h', state, ...facts })],
    }).nodes;
    expect(line?.label).toBe(label);
    expect(line?.action?.kind).toBe(kind);
  });

  describe('a node that is awake', () => {
    const lines = (patch: Parameters<typeof power>[1] = {}, node: Parameters<typeof aNode>[0] = {}) =>
      model({
        nodes: [aNode({ id: 'box', name: 'box', state: 'gpu-verified', ...node })],
        power: [power('box', patch)],
      }).nodes;
    const labels = (patch: Parameters<typeof power>[1] = {}) =>
      lines(patch)[0]?.menu?.map((part) => part.map(({ label }) => label));
    const keeping = [
      'Keep awake for 1 hour',
      'Keep awake for 2 hours',
      'Keep awake tonight',
      'Keep awake until I release it',
    ];

    it('has a menu: going off as it can, keeping awake, why it is on', () => {
      expect(lines()[0]).toMatchObject({ label: '● box · gpu-verified · Sleep', action: null });
      const whyOn = [fact('LEASE_HELD', { holder: 'Ann', purpose: 'a game' })];
      expect(labels({ whyOn })).toEqual([
        ['Sleep', 'Shut down', 'Restart'],
        keeping,
        ['Kept awake by Ann: a game.'],
      ]);
      expect(labels({ means: 'server', agent: null })).toEqual([['Shut down'], keeping]);
      expect(labels({ means: 'simulator', agent: null })).toEqual([['Sleep', 'Shut down'], keeping]);
      expect(labels({ means: 'none', agent: null })?.[0]).toEqual(['Pilotlight cannot power it off']);
    });

    it('releases what was kept from here, and nothing of others', () => {
      const leases = [
        lease('mine', { kind: 'person', purpose: 'a game' }),
        lease('job'),
        lease('theirs', { kind: 'person', origin: 'elsewhere' }),
      ];
      expect(labels({ leases })?.[1]?.slice(4)).toEqual(['Release: a game']);
      const action = lines({ leases })[0]?.menu?.[1]?.at(-1)?.action;
      expect(action).toEqual({ kind: 'release', nodeId: 'box', leaseId: 'mine' });
    });

    it('cancels its countdown by one click, and counts no seconds', () => {
      const countdown = { action: 'shutdown' as const, by: 'nobody needs it', endsAt: Date.now() };
      const [, line] = lines({ countdown });
      expect(line?.label).toMatch(/^⏳ box shuts down at \S+.* · Cancel$/);
      expect(line?.action).toEqual({ kind: 'cancel-off', nodeId: 'box' });
      expect(labels({ countdown })?.flat()).not.toContain('Shut down');
    });

    it('that goes can only be watched', () => {
      const leaving = { action: 'sleep' as const, since: 0, deadlineAt: 1 };
      expect(lines({ leaving })).toEqual([{ label: '● box · gpu-verified · goes to sleep', action: null }]);
    });

    it('is not this computer', () => {
      expect(lines({}, { kind: 'this-computer' })[0]?.menu).toBeUndefined();
    });

    it('opens its menu in parts', () => {
      const shown = trayTemplate(
        model({ nodes: [aNode({ id: 'box', name: 'R&D', state: 'gpu-verified' })], power: [power('box')] }),
        () => {},
      );
      const parts = shown.find(({ label }) => label?.startsWith('● R&&D'))?.submenu;
      expect(Array.isArray(parts) && parts.map(({ label, type }) => label ?? type)).toEqual([
        'Sleep',
        'Shut down',
        'Restart',
        'separator',
        ...keeping,
      ]);
    });
  });

  it('copies the address of the gateway, while it has one', () => {
    const url = 'http://127.0.0.1:11435';
    expect(model({ gateway: { url } }).gateway?.action).toEqual({ kind: 'copy', text: url });
    expect(model({ gateway: { url: null } }).gateway).toBeNull();
    expect(model({}).gateway).toBeNull();
    const clicked: unknown[] = [];
    const shown = trayTemplate(model({ gateway: { url } }), (action) => clicked.push(action));
    shown.find(({ label }) => label?.includes(url))?.click?.({} as never, undefined, {} as never);
    expect(clicked).toEqual([{ kind: 'copy', text: url }]);
  });

  it('has a flame for the fleet', () => {
    const flame = (...states: ('off' | 'waking' | 'serving' | 'gpu-verified')[]) =>
      model({ nodes: states.map((state, index) => aNode({ id: `${index}`, state, hasGpu: true })) }).flame;
    expect(flame()).toBe('hollow');
    expect(flame('off')).toBe('hollow');
    expect(flame('off', 'waking')).toBe('ember');
    expect(flame('serving')).toBe('ember');
    expect(flame('waking', 'gpu-verified')).toBe('filled');
    expect(model({ nodes: [aNode({ state: 'serving', hasGpu: false })] }).flame).toBe('hollow');
    expect(model({ nodes: [aNode({ state: 'trouble' })] }).trouble).toBe(true);
  });

  it('has what runs now as its title', () => {
    const nodes = [aNode({ id: 'a', state: 'off' }), aNode({ id: 'b', state: 'serving' })];
    expect(model({ nodes }).title).toBe('2 nodes · 1 awake');
    const files = { total: 100, done: 42, unchanged: 0, removed: 0, failed: 0, skipped: 0 };
    const job = aJob({ status: 'running', phase: 'embedding', files, etaMs: 240_000 });
    expect(model({ nodes, jobs: [job] }).title).toBe('Indexing “Notes”: 42% · ≈ 4 min left');
    const waking = aJob({
      status: 'running',
      phase: 'waking',
      detail: fact('WAKING_NODE', { node: 'tower' }),
    });
    expect(model({ jobs: [waking] }).title).toBe('Indexing “Notes”: Waking tower…');
    const all = aJob({ label: fact('ALL_FOLDERS'), status: 'pending' });
    expect(model({ jobs: [all] }).title).toBe('Waiting to index all folders');
  });

  it('can index again when there is something to index and nothing runs', () => {
    const sources = [aSource()];
    expect(model({}).index.action).toBeNull();
    expect(model({ sources }).index.action).toEqual({ kind: 'index' });
    expect(model({ sources, jobs: [aJob({ status: 'running' })] }).index.action).toBeNull();
    expect(model({ sources, jobs: [aJob({ status: 'completed' })] }).index.action).toEqual({ kind: 'index' });
  });

  it('keeps the menu of a large fleet short, with what matters first', () => {
    const nodes = Array.from({ length: 30 }, (_, index) =>
      aNode({ id: `${index}`, name: `n${index}`, state: 'off' }),
    );
    const { nodes: lines, more } = model({
      nodes: [...nodes, aNode({ id: 't', name: 'ill', state: 'trouble' })],
    });
    expect(lines).toHaveLength(20);
    expect(lines[0]?.label).toContain('ill');
    expect(more).toBe(11);
  });

  it('names a template image on macOS', () => {
    expect(iconName('ember', true, 'darwin')).toBe('ember-troubleTemplate.png');
    expect(iconName('filled', false, 'win32')).toBe('filled.png');
  });
});
