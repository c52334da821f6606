/** The policies of the panels, in one file that is replaced as a whole. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { KeptPolicy } from '../../../shared/contract/agent/answers.ts';
import { helloUrlSchema, policySchema } from '../../../shared/contract/agent/requests.ts';
import { fields, integer, listOf, text } from '../../../shared/contract/agent/wanted.ts';
import { DAMAGED_PANEL, type Damage } from '../damage.ts';
import { AgentError } from '../errors.ts';
import { checksum, writePrivate } from '../files.ts';

export type { KeptPolicy };

export interface Woken {
  bootId: string;
  by: string;
  /** Wall time, milliseconds. */
  at: number;
}

export interface PolicyBook {
  policies(): readonly KeptPolicy[];
  /** Throws TOO_MANY_POLICIES, DISK_TROUBLE. */
  put(entry: KeptPolicy): void;
  /** Throws NOT_FOUND. */
  remove(panel: string): void;
  woken(): Woken | null;
  /** Throws DISK_TROUBLE; a cleared value applies in memory anyway, because it keeps the machine on. */
  setWoken(woken: Woken | null): void;
  keptOn(): boolean;
  /** Throws DISK_TROUBLE; `true` applies in memory anyway, because it keeps the machine on. */
  setKeptOn(kept: boolean): void;
}

const MAX_PANELS = 50;
const name = text(128);
const time = integer(0, Number.MAX_SAFE_INTEGER);

const contentSchema = fields({
  policies: listOf(
    fields({ panel: name, policy: policySchema, helloUrl: helloUrlSchema, updatedAt: time }),
    MAX_PANELS,
  ),
  woken: z.nullable(fields({ bootId: name, by: text(200), at: time })),
  /** The boot in which a person chose to keep the machine on. */
  keptOnBoot: z.nullable(name),
});
type Content = z.output<typeof contentSchema>;

const FILE = 'policies.json';
const nothing: Content = { policies: [], woken: null, keptOnBoot: null };

/** Keeps the machine on while policies or leases may be missing; forgetting it confirms that none is. */
const guard: KeptPolicy = {
  panel: DAMAGED_PANEL,
  policy: {
    finishAlone: false,
    onlyIfWoken: true,
    idleMinutes: 1440,
    action: 'sleep',
    respectUsers: true,
    countdownSeconds: 3600,
  },
  helloUrl: null,
  updatedAt: 0,
};

/** A file with other content is set aside: the machine stays on until the panels have sent their policies again. */
export function openPolicyBook(folder: string, bootId: string, damage: Damage): PolicyBook {
  const path = join(folder, FILE);
  let content = damage.read(FILE, 'policies', parse) ?? nothing;
  expectPanels();

  /** The panels to wait for if this file is ever damaged. */
  function expectPanels(): void {
    damage.expect(content.policies.map(({ panel }) => panel));
  }

  function keep(next: Content): void {
    const sum = checksum(JSON.stringify(next));
    writePrivate(path, `${JSON.stringify({ ...next, sum }, null, 2)}\n`);
    content = next;
  }

  return {
    policies: () => (damage.reason() === null ? content.policies : [...content.policies, guard]),
    put(entry) {
      const others = content.policies.filter((one) => one.panel !== entry.panel);
      if (others.length >= MAX_PANELS) throw new AgentError('TOO_MANY_POLICIES');
      // Written first: a panel whose policy is lost before it is written is waited for too.
      damage.expect([...others.map(({ panel }) => panel), entry.panel]);
      keep({ ...content, policies: [...others, entry] });
      damage.policyReceived(entry.panel);
    },
    remove(panel) {
      if (panel === DAMAGED_PANEL && damage.confirm()) return;
      const policies = content.policies.filter((one) => one.panel !== panel);
      if (policies.length === content.policies.length)
        throw new AgentError('NOT_FOUND', { message: 'No policy of this panel is kept here.' });
      keep({ ...content, policies });
      expectPanels();
      damage.forgotten(panel);
    },
    woken: () => content.woken,
    setWoken(woken) {
      const next = { ...content, woken };
      if (woken === null) content = next;
      keep(next);
    },
    keptOn: () => content.keptOnBoot === bootId,
    setKeptOn(kept) {
      const next = { ...content, keptOnBoot: kept ? bootId : null };
      if (kept) content = next;
      keep(next);
    },
  };
}

/** A wrong checksum means a change from outside; files of older versions have none. */
function parse(text: string): Content | null {
  const { sum, ...saved } = JSON.parse(text) as Record<string, unknown>;
  if (sum !== undefined && sum !== checksum(JSON.stringify(saved))) return null;
  return contentSchema.safeParse(saved).data ?? null;
}
