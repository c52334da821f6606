import type { MethodInput } from '../../../shared/contract/methods.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { VRAM_GIGABYTE } from '../../../shared/units.ts';

/** What stands in the fields of the dialog, as text. */
export interface NodeForm {
  url: string;
  name: string;
  mac: string;
  wakeDestinations: string;
  secureOn: string;
  vramGigabytes: string;
}

export function formOf(node: NodeView | null, url = ''): NodeForm {
  const told = node?.vram.source === 'person' ? node.vram.totalBytes : null;
  return {
    url: node?.url ?? url,
    name: node?.name ?? '',
    mac: node?.mac ?? '',
    wakeDestinations: node?.wakeDestinations.join(', ') ?? '',
    // A password is written, never read back.
    secureOn: '',
    vramGigabytes: told === null ? '' : String(told / VRAM_GIGABYTE),
  };
}

type FormError = { field: keyof NodeForm; message: string };

/** The parameters of fleet.add, or the field that cannot be read. What only the core can judge is left to it. */
export function readForm(form: NodeForm): { input: MethodInput<'fleet.add'> } | { error: FormError } {
  const vram = form.vramGigabytes.trim().replace(',', '.');
  if (vram !== '' && !(Number(vram) >= 0 && Number(vram) <= 100_000)) {
    return {
      error: { field: 'vramGigabytes', message: 'Write a number of gigabytes, like 24, or 0 for no GPU.' },
    };
  }
  if (form.url.trim() === '') {
    return { error: { field: 'url', message: 'Write the address, like http://192.168.1.20:11434.' } };
  }
  const name = form.name.trim();
  return {
    input: {
      url: form.url.trim(),
      ...(name === '' ? {} : { name }),
      mac: form.mac.trim() || null,
      wakeDestinations: form.wakeDestinations.split(/[\s,;]+/).filter(Boolean),
      secureOn: form.secureOn.trim() || null,
      vramBytes: vram === '' ? null : Math.round(Number(vram) * VRAM_GIGABYTE),
    },
  };
}
