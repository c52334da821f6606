/** Whether a text can be sent as a token. Without schemas, so that the panel can bundle it. */

/** Longer headers are refused by most servers. */
export const LONGEST_TOKEN = 4096;

/** What keeps it from being sent as `Authorization: Bearer TOKEN`; null if nothing does. */
export function tokenProblem(token: string): 'characters' | 'too-long' | null {
  if (token.length > LONGEST_TOKEN) return 'too-long';
  return /^[\x21-\x7e]*$/.test(token) ? null : 'characters';
}
