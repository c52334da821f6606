import type { WireError } from '../../../shared/contract/errors.ts';
import type { MethodInput } from '../../../shared/contract/methods.ts';
import type { NodeView } from '../../../shared/models/fleet.ts';
import { LONGEST_TOKEN, tokenProblem } from '../../../shared/token-text.ts';
import { formatCount, VRAM_GIGABYTE } from '../../../shared/units.ts';

/** A machine’s fields as text. A secret set to null is removed. */
export interface NodeForm {
  url: string;
  name: string;
  mac: string;
  wakeDestinations: string;
  secureOn: string | null;
  vramGigabytes: string;
  agentUrl: string;
  shutdownUrl: string;
  shutdownSecret: string | null;
  relayToken: string | null;
}

export type FieldErrors = Partial<Record<keyof NodeForm, string>>;

export function formOf(node: NodeView | null, url = ''): NodeForm {
  const entered = node?.vram.source === 'person' ? node.vram.totalBytes : null;
  return {
    url: node?.url ?? url,
    name: node?.name ?? '',
    mac: node?.mac ?? '',
    wakeDestinations: node?.wakeDestinations.join(', ') ?? '',
    // Passwords and tokens are write-only.
    secureOn: '',
    vramGigabytes: entered === null ? '' : String(entered / VRAM_GIGABYTE),
    agentUrl: node?.agentUrl ?? '',
    shutdownUrl: node?.shutdownUrl ?? '',
    shutdownSecret: '',
    relayToken: '',
  };
}

/** As the core says it. */
const tokenTexts = {
  characters: 'Copy it again: letters, digits and signs of plain ASCII, without spaces or line breaks.',
  'too-long': `Enter at most ${formatCount(LONGEST_TOKEN)} characters.`,
};

type FormError = { field: keyof NodeForm; message: string };
export type SecretName = 'secureOn' | 'shutdownSecret' | 'relayToken';
const secrets: readonly SecretName[] = ['secureOn', 'shutdownSecret', 'relayToken'];

/**
 * The parameters of fleet.add, or the first invalid field. The core validates the rest. An empty secret is left out,
 * which keeps the saved one.
 */
export function readForm(
  form: NodeForm,
  { needsAddress = true } = {},
): { input: MethodInput<'fleet.add'> } | { error: FormError } {
  const vram = form.vramGigabytes.trim().replace(',', '.');
  if (vram !== '' && !(Number(vram) >= 0 && Number(vram) <= 100_000)) {
    return {
      error: {
        field: 'vramGigabytes',
        message: 'Enter a number of gigabytes, for example 24, or 0 for no GPU.',
      },
    };
  }
  if (needsAddress && form.url.trim() === '' && form.agentUrl.trim() === '') {
    return { error: { field: 'url', message: 'Enter an address, for example http://192.168.1.20:11434.' } };
  }
  const name = form.name.trim();
  const input: MethodInput<'fleet.add'> = {
    url: form.url.trim() || null,
    ...(name === '' ? {} : { name }),
    mac: form.mac.trim() || null,
    wakeDestinations: form.wakeDestinations.split(/[\s,;]+/).filter(Boolean),
    vramBytes: vram === '' ? null : Math.round(Number(vram) * VRAM_GIGABYTE),
    agentUrl: form.agentUrl.trim() || null,
    shutdownUrl: form.shutdownUrl.trim() || null,
  };
  for (const secret of secrets) {
    const text = form[secret]?.trim() ?? null;
    // A SecureOn password may be written in pairs with spaces.
    const problem = text === null || secret === 'secureOn' ? null : tokenProblem(text);
    if (problem !== null) return { error: { field: secret, message: tokenTexts[problem] } };
    if (text !== '') input[secret] = text;
  }
  return { input };
}

/** Maps the core’s parameters to form fields; the form shows VRAM in gigabytes. */
const fieldOfParameter: Record<string, keyof NodeForm> = {
  url: 'url',
  name: 'name',
  mac: 'mac',
  wakeDestinations: 'wakeDestinations',
  secureOn: 'secureOn',
  vramBytes: 'vramGigabytes',
  agentUrl: 'agentUrl',
  shutdownUrl: 'shutdownUrl',
  shutdownSecret: 'shutdownSecret',
  relayToken: 'relayToken',
};

const fieldOfCode: Record<string, keyof NodeForm> = {
  BAD_URL: 'url',
  BAD_MAC: 'mac',
  BAD_DESTINATION: 'wakeDestinations',
  ALREADY_EXISTS: 'url',
};

/** The core’s refusal as a field error; null if it concerns none of these fields. */
export function fieldErrorsOf(error: WireError): FieldErrors | null {
  const named = typeof error.details?.field === 'string' ? error.details.field.split('.')[0] : undefined;
  const at = (named && fieldOfParameter[named]) || fieldOfCode[error.code];
  return at ? { [at]: `${error.message} ${error.next}` } : null;
}

const MAC_SIGNS = /^[0-9a-f:.\s-]*$/i;
const hexDigits = (text: string) => text.replace(/[^0-9a-f]/gi, '').length;

/** What is wrong with a field while it is typed; undefined while it may still become right. The core checks the rest. */
export function typedProblem(field: keyof NodeForm, text: string | null): string | undefined {
  const value = text?.trim() ?? '';
  if (value === '') return undefined;
  switch (field) {
    case 'mac':
      return !MAC_SIGNS.test(value) || hexDigits(value) > 12
        ? 'Enter six pairs of 0 to 9 and A to F, for example AA:BB:CC:DD:EE:FF.'
        : undefined;
    case 'url':
    case 'agentUrl':
    case 'shutdownUrl':
      return /\s/.test(value) ? 'An address has no spaces.' : undefined;
    default: {
      // An address fills what is missing, so that only this field can be refused.
      const read = readForm({ ...formOf(null), url: 'http://127.0.0.1', [field]: text });
      return 'error' in read && read.error.field === field ? read.error.message : undefined;
    }
  }
}
