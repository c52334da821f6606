/** The magic packet of Wake-on-LAN: 6 bytes of FF, 16 times the MAC, and perhaps a SecureOn password. */

/** The six bytes of `aa:bb:cc:dd:ee:ff`, `aa-bb-…` or `aabb.ccdd.eeff`; `null` when it is no MAC. */
export function macBytes(mac: string): Uint8Array | null {
  const digits = mac.replace(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/i.test(digits)) return null;
  return Uint8Array.from({ length: 6 }, (_, index) =>
    Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16),
  );
}

/** A SecureOn password: four bytes with dots in decimal, or six bytes in hex; `null` for anything else. */
export function secureOnBytes(password: string): Uint8Array | null {
  const parts = password.split('.');
  if (parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) {
    return Uint8Array.from(parts.map(Number));
  }
  return macBytes(password);
}

const SYNC_BYTES = 6;
const REPEATS = 16;
const MAGIC_BYTES = SYNC_BYTES + REPEATS * 6;

/**
 * Whether a datagram wakes the machine with this MAC. As in a network card, the pattern may stand
 * anywhere in the payload, and a password is checked where one is set.
 */
export function wakes(payload: Uint8Array, mac: Uint8Array, secureOn: Uint8Array | null = null): boolean {
  for (let start = 0; start + MAGIC_BYTES <= payload.length; start += 1) {
    if (!patternAt(payload, start, mac)) continue;
    if (!secureOn) return true;
    const password = payload.subarray(start + MAGIC_BYTES, start + MAGIC_BYTES + secureOn.length);
    if (password.length === secureOn.length && password.every((byte, index) => byte === secureOn[index]))
      return true;
  }
  return false;
}

function patternAt(payload: Uint8Array, start: number, mac: Uint8Array): boolean {
  for (let index = 0; index < SYNC_BYTES; index += 1) {
    if (payload[start + index] !== 0xff) return false;
  }
  for (let index = 0; index < REPEATS * 6; index += 1) {
    if (payload[start + SYNC_BYTES + index] !== mac[index % 6]) return false;
  }
  return true;
}
