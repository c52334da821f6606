/** The magic packet of Wake-on-LAN: 6 bytes of FF, 16 times the MAC, and an optional SecureOn password. */

const SYNC_BYTES = 6;
const REPEATS = 16;
const MAGIC_BYTES = SYNC_BYTES + REPEATS * 6;

/**
 * Whether a datagram wakes the machine with this MAC. As in a network card, the pattern may appear anywhere in the
 * payload, and a configured password is checked.
 */
export function wakes(
  payload: Uint8Array,
  mac: readonly number[],
  secureOn: readonly number[] | null = null,
): boolean {
  for (let start = 0; start + MAGIC_BYTES <= payload.length; start += 1) {
    if (!patternAt(payload, start, mac)) continue;
    if (!secureOn) return true;
    const password = payload.subarray(start + MAGIC_BYTES, start + MAGIC_BYTES + secureOn.length);
    if (password.length === secureOn.length && password.every((byte, index) => byte === secureOn[index]))
      return true;
  }
  return false;
}

function patternAt(payload: Uint8Array, start: number, mac: readonly number[]): boolean {
  for (let index = 0; index < SYNC_BYTES; index += 1) {
    if (payload[start + index] !== 0xff) return false;
  }
  for (let index = 0; index < REPEATS * 6; index += 1) {
    if (payload[start + SYNC_BYTES + index] !== mac[index % 6]) return false;
  }
  return true;
}
