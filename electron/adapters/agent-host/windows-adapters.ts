/**
 * Which of the adapters that Windows counts are GPUs, and which names belong to them. Windows lists several for one
 * card: besides the card itself, its software renderer, and copies that never have memory of their own. Pure.
 */
import type { GpuReading } from '../../../shared/models/telemetry.ts';

export interface Adapter {
  luid: string;
  /** Bytes of its own memory in use. */
  used: number;
  /** Whether any program has memory on it or uses an engine of it. */
  active: boolean;
}

/** What the registry says about an adapter. */
export interface KnownAdapter {
  luid: string;
  name: string;
  memoryBytes: number | null;
}

export interface NamedAdapter extends Adapter {
  vendor: GpuReading['vendor'];
  /** null if it could be one of several. */
  name: string | null;
  memoryBytes: number | null;
  integrated: boolean;
}

export interface AdapterFacts {
  adapters: readonly Adapter[];
  /** The names of the video controllers. */
  names: readonly string[];
  known: readonly KnownAdapter[];
  /** NVIDIA's cards as nvidia-smi lists them. */
  listed: readonly Pick<GpuReading, 'vramUsedBytes'>[];
}

/** Screens that are drawn for a network or another program, and Windows's own renderer. */
const WITHOUT_GPU =
  /\b(?:Microsoft (?:Basic|Remote|Hyper-V)|Virtual|Indirect|Mirror|Parsec|Citrix|DisplayLink|spacedesk|IddCx|IddSample|TeamViewer|RDP|Meta)\b/i;

/** The graphics of a processor; cards of the same makers have a model number of their own. */
const OF_PROCESSOR = [
  /intel.*\b(?:u?hd|iris)\b/i,
  /intel(?:\(r\))?(?: arc\(tm\))? graphics$/i,
  /(?:radeon|vega)(?:\(tm\))?(?: (?:vega )?\d+m?s?)? graphics$/i,
  /radeon(?:\(tm\))? rx vega (?:3|6|8|9|10|11) graphics$/i,
];

export function vendorOf(name: string): GpuReading['vendor'] {
  if (/nvidia|geforce|quadro|tesla/i.test(name)) return 'nvidia';
  if (/\bamd\b|radeon|firepro/i.test(name)) return 'amd';
  return /intel/i.test(name) ? 'intel' : 'unknown';
}

export function gpusAmong({ adapters, names, known, listed }: AdapterFacts): NamedAdapter[] {
  const controllers = names.filter((name) => !WITHOUT_GPU.test(name));
  const unnamed = new Set(adapters);
  const left = [...controllers];
  const found: NamedAdapter[] = [];

  function name(adapter: Adapter, as: string | null, memoryBytes: number | null): void {
    unnamed.delete(adapter);
    const at = as === null ? -1 : left.indexOf(as);
    if (at >= 0) left.splice(at, 1);
    const integrated = as !== null && OF_PROCESSOR.some((pattern) => pattern.test(as));
    // What is set aside for a processor's graphics is not what a model may use.
    const total = integrated ? null : memoryBytes;
    found.push({ ...adapter, vendor: vendorOf(as ?? ''), name: as, memoryBytes: total, integrated });
  }

  for (const adapter of adapters) {
    const fact = known.find(({ luid }) => luid.toLowerCase() === adapter.luid.toLowerCase());
    if (fact === undefined) continue;
    if (WITHOUT_GPU.test(fact.name)) unnamed.delete(adapter);
    // An entry of an earlier boot could have the number of another adapter; its card is then not among the controllers.
    else if (left.includes(fact.name)) name(adapter, fact.name, fact.memoryBytes);
  }
  // nvidia-smi and the counters see the same bytes on the same card, give or take what changed between them.
  const nvidia = left.filter((one) => vendorOf(one) === 'nvidia').slice(0, listed.length);
  for (const [at, one] of nvidia.entries()) {
    const used = listed[at]?.vramUsedBytes ?? 0;
    const nearest = [...unnamed].sort((a, b) => Math.abs(a.used - used) - Math.abs(b.used - used))[0];
    if (nearest !== undefined) name(nearest, one, null);
  }
  for (const adapter of likeliest([...unnamed], controllers.length === 0 ? null : left.length)) {
    const [only] = left;
    const same = left.every((one) => one === only);
    name(adapter, same ? (only ?? null) : null, null);
  }
  const order = new Map(adapters.map(({ luid }, at) => [luid, at]));
  return found.sort((a, b) => (order.get(a.luid) ?? 0) - (order.get(b.luid) ?? 0));
}

/** Every adapter that works, and as many idle ones as there are cards left. `null` cards: nothing is known, so all. */
function likeliest(adapters: readonly Adapter[], cards: number | null): Adapter[] {
  if (cards === null) return [...adapters];
  const working = adapters.filter(({ active }) => active);
  const idle = adapters.filter(({ active }) => !active);
  return [...working.sort((a, b) => b.used - a.used), ...idle.slice(0, Math.max(0, cards - working.length))];
}
