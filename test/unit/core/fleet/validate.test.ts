import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  hostOf,
  isLoopbackHost,
  nameFromUrl,
  normaliseDestinations,
  normaliseMac,
  normaliseSecureOn,
  normaliseServerUrl,
  parseDestination,
  sameServerKey,
} from '../../../../electron/core/fleet/validate.ts';
import { isPilotlightError } from '../../../../shared/contract/errors.ts';

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (isPilotlightError(error)) return `${error.code} ${String(error.details?.field)}`;
    throw error;
  }
  return 'accepted';
}

describe('the URL of a server', () => {
  it.each([
    ['http://192.168.1.20:11434', 'http://192.168.1.20:11434'],
    ['192.168.1.20', 'http://192.168.1.20:11434'],
    ['192.168.1.20:8080', 'http://192.168.1.20:8080'],
    ['gpu-box', 'http://gpu-box:11434'],
    ['gpu-box:80', 'http://gpu-box'],
    ['gpu-box:11434/', 'http://gpu-box:11434'],
    ['  HTTP://GPU-Box.Lan:11434/  ', 'http://gpu-box.lan:11434'],
    ['https://ollama.lan', 'https://ollama.lan'],
    ['https://ollama.lan:443/', 'https://ollama.lan'],
    ['http://ollama.lan/proxy/ollama/', 'http://ollama.lan/proxy/ollama'],
    ['ollama.lan/proxy', 'http://ollama.lan:11434/proxy'],
    ['http://ollama.lan.:11434', 'http://ollama.lan:11434'],
    ['[::1]:11434', 'http://[::1]:11434'],
    ['::1', 'http://[::1]:11434'],
    ['fe80::1', 'http://[fe80::1]:11434'],
    ['http://[2001:DB8::1]', 'http://[2001:db8::1]'],
    ['http://[::ffff:192.168.1.20]:11434', 'http://192.168.1.20:11434'],
    ['\u200ehttp://gpu-box:11434\u200b', 'http://gpu-box:11434'],
    ['http://gpu-box../', 'http://gpu-box'],
    ['http://127.0.0.1:11434/v1', 'http://127.0.0.1:11434'],
    ['http://127.0.0.1:11434/v1/', 'http://127.0.0.1:11434'],
    ['http://127.0.0.1:11434/api', 'http://127.0.0.1:11434'],
    ['http://127.0.0.1:11434/api/tags', 'http://127.0.0.1:11434'],
    ['http://127.0.0.1:11434/api/generate', 'http://127.0.0.1:11434'],
    ['https://h/ollama/v1', 'https://h/ollama'],
    ['gpu-box/v1', 'http://gpu-box:11434'],
  ])('%s becomes %s', (text, wanted) => {
    expect(normaliseServerUrl(text)).toBe(wanted);
  });

  it('may be as long as the limit, as it is saved', () => {
    const path = (length: number) => `http://box/${'a'.repeat(length - 'http://box/'.length)}`;
    expect(codeOf(() => normaliseServerUrl(path(2000)))).toBe('accepted');
    expect(codeOf(() => normaliseServerUrl(path(2001)))).toBe('BAD_URL url');
    // Each becomes six characters.
    expect(codeOf(() => normaliseServerUrl(`http://box/${'é'.repeat(400)}`))).toBe('BAD_URL url');
  });

  it.each([
    '',
    '   ',
    'http://',
    'http:///path',
    'ftp://host',
    'file:///etc/passwd',
    'javascript://host',
    'http://user:secret@host:11434',
    'user@host',
    'http://host:99999',
    'http://host:0',
    'http://host:port',
    'http://host?x=1',
    'http://host#top',
    'http://a b',
    'a b',
    'http:\\\\host',
    'http://.',
    'http://[::1',
    'http://%00',
    '1.2.3.4.5:99',
  ])('%j is refused', (text) => {
    expect(codeOf(() => normaliseServerUrl(text))).toBe('BAD_URL url');
  });

  it('never repeats a password in its error', () => {
    try {
      normaliseServerUrl('http://user:hunter2@host');
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(isPilotlightError(error) && error.toWire())).not.toContain('hunter2');
    }
  });

  it('normalising twice changes nothing, and whatever comes is refused with a code or is a URL', () => {
    const texts = fc.oneof(
      fc.webUrl(),
      fc.domain(),
      fc.ipV4(),
      fc.ipV6(),
      fc.tuple(fc.ipV4(), fc.nat(70_000)).map(([host, port]) => `${host}:${port}`),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let once: string;
        try {
          once = normaliseServerUrl(text);
        } catch (error) {
          return isPilotlightError(error) && error.code === 'BAD_URL';
        }
        const url = new URL(once);
        return normaliseServerUrl(once) === once && url.username === '' && /^https?:$/.test(url.protocol);
      }),
      { numRuns: 300 },
    );
  });

  it('knows the names of one server', () => {
    expect(sameServerKey('http://localhost:11434')).toBe(sameServerKey('http://127.0.0.1:11434'));
    expect(sameServerKey('http://[::1]:11434')).toBe(sameServerKey('http://127.0.0.1:11434'));
    expect(sameServerKey('http://host')).toBe(sameServerKey('http://host:80'));
    expect(sameServerKey('http://host')).not.toBe(sameServerKey('http://host:11434'));
    expect(sameServerKey('http://host/a')).not.toBe(sameServerKey('http://host/b'));
  });

  it('tells loopback from everything else', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', 'x.localhost'])
      expect(isLoopbackHost(host)).toBe(true);
    for (const host of ['128.0.0.1', 'localhost.evil.example', '0.0.0.0', '::', '10.0.0.1'])
      expect(isLoopbackHost(host)).toBe(false);
    expect(hostOf('http://[::1]:1')).toBe('::1');
  });

  it('names a node by its host', () => {
    expect(nameFromUrl('http://gpu-box.lan:11434')).toBe('gpu-box');
    expect(nameFromUrl('http://192.168.1.20:11434')).toBe('192.168.1.20');
    expect(nameFromUrl('http://[fe80::1]')).toBe('fe80::1');
  });
});

describe('a MAC address', () => {
  const bytes = fc
    .uint8Array({ minLength: 6, maxLength: 6 })
    .filter((mac) => (mac[0] ?? 1) % 2 === 0 && mac.some((byte) => byte !== 0));
  const hex = (mac: Uint8Array) => [...mac].map((byte) => byte.toString(16).padStart(2, '0'));

  it('comes out the same from every way to write it', () => {
    fc.assert(
      fc.property(bytes, fc.boolean(), (mac, upper) => {
        const pairs = hex(mac);
        const wanted = pairs.join(':').toUpperCase();
        const bare = pairs.join('');
        const writings = [
          ...[':', '-', ' ', ''].map((separator) => pairs.join(separator)),
          (bare.match(/.{4}/g) ?? []).join('.'),
        ];
        for (const writing of writings) {
          expect(normaliseMac(upper ? writing.toUpperCase() : writing)).toBe(wanted);
        }
      }),
    );
  });

  it('anything else is refused with BAD_MAC', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const groups = text.split(/[^0-9a-f]/i).filter((group) => group !== '');
        fc.pre(groups.join('').length !== 12 && groups.length !== 6);
        expect(codeOf(() => normaliseMac(text))).toBe('BAD_MAC mac');
      }),
    );
  });

  it.each([
    'AA:BB:CC:DD:EE',
    'AA:BB:CC:DD:EE:FF:00',
    'GG:BB:CC:DD:EE:FF',
    'AABB:CCDD:EEFF',
    '00:00:00:00:00:00',
    'FF:FF:FF:FF:FF:FF',
    '01:00:5E:00:00:01',
  ])('%s is refused', (text) => {
    expect(codeOf(() => normaliseMac(text))).toBe('BAD_MAC mac');
  });
});

describe('a SecureOn password', () => {
  it.each([
    ['10.20.30.40', '10.20.30.40'],
    ['aa-bb-cc-dd-ee-ff', 'AA:BB:CC:DD:EE:FF'],
    ['aabb.ccdd.eeff', 'AA:BB:CC:DD:EE:FF'],
    ['000000000000', '00:00:00:00:00:00'],
  ])('%s becomes %s', (text, wanted) => {
    expect(normaliseSecureOn(text)).toBe(wanted);
  });

  it.each(['', '1.2.3', '1.2.3.256', '01.2.3.4', 'password', 'AA:BB'])('%j is refused', (text) => {
    expect(codeOf(() => normaliseSecureOn(text))).toBe('BAD_MAC secureOn');
  });
});

describe('a wake destination', () => {
  it('is an address, with a port or without', () => {
    expect(parseDestination('192.168.1.255')).toEqual({ address: '192.168.1.255', port: null });
    expect(parseDestination(' 10.0.0.5:7 ')).toEqual({ address: '10.0.0.5', port: 7 });
  });

  it.each([
    '',
    'host',
    '1.2.3',
    '1.2.3.4:0',
    '1.2.3.4:65536',
    '1.2.3.4:',
    '1.2.3.4:9:9',
    '0.0.0.0',
    '::1',
    '1.2.3.4:9x',
    '01.2.3.4',
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseDestination(text))).toBe('BAD_DESTINATION wakeDestinations');
  });

  it('counts each once, and says which one is wrong', () => {
    expect(normaliseDestinations(['10.0.0.5', '10.0.0.5 ', '10.0.0.5:7'])).toEqual([
      '10.0.0.5',
      '10.0.0.5:7',
    ]);
    expect(codeOf(() => normaliseDestinations(['10.0.0.5', 'x']))).toBe('BAD_DESTINATION wakeDestinations.1');
  });
});
