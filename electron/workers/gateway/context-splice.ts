/** Puts another `num_ctx` into a request, and changes nothing else of it. Pure. */
import { kindOf, membersOf, replaced, wholeValue } from './json-spans.ts';

/** null if the body is not as it should be; it is sent as it came then. */
export function withContext(body: Buffer, contextLength: number): Buffer | null {
  const value = String(contextLength);
  const whole = wholeValue(body);
  const members = whole === null ? null : membersOf(body, whole);
  if (whole === null || members === null) return null;
  const options = members.filter(({ key }) => key === 'options').at(-1);
  const insertion = (start: number, text: string) =>
    replaced(body, [{ start, end: start, by: Buffer.from(text) }]);
  if (options === undefined) {
    const rest = members.length > 0 ? ',' : '';
    return insertion(whole.start + 1, `"options":{"num_ctx":${value}}${rest}`);
  }
  if (kindOf(body, options.value) !== 'object') {
    return replaced(body, [{ ...options.value, by: Buffer.from(`{"num_ctx":${value}}`) }]);
  }
  const inside = membersOf(body, options.value);
  if (inside === null) return null;
  const present = inside.filter(({ key }) => key === 'num_ctx');
  if (present.length > 0) {
    return replaced(
      body,
      present.map((member) => ({ ...member.value, by: Buffer.from(value) })),
    );
  }
  return insertion(options.value.start + 1, `"num_ctx":${value}${inside.length > 0 ? ',' : ''}`);
}
