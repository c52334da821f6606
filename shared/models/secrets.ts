/**
 * Secrets: passwords, tokens, and addresses that carry one. They lie apart from everything else, and people and
 * programs see only whether one is set. Their values are written, never read back.
 */
import * as z from 'zod';

/** What is seen of a secret. */
export const secretStateSchema = z.object({ set: z.boolean() });

/** How secrets are kept: by the system's own key store, or by a key that lies in a private file beside them. */
export const secretsProtectionSchema = z.object({
  kind: z.enum(['system', 'key-file']),
  /** One or two sentences for a person. */
  words: z.string(),
});
export type SecretsProtection = z.infer<typeof secretsProtectionSchema>;

/** Under which name the SecureOn password of a node is kept. */
export const secureOnSecret = (nodeId: string): string => `node.${nodeId}.secureOn`;
/** The token of a node's agent, the secret of its existing shutdown server, the token of its existing relay. */
export const agentTokenSecret = (nodeId: string): string => `node.${nodeId}.agentToken`;
export const shutdownSecret = (nodeId: string): string => `node.${nodeId}.shutdownSecret`;
export const relayTokenSecret = (nodeId: string): string => `node.${nodeId}.relayToken`;
/** The token of an agent that is left, until this panel's policy is removed there. */
export const withdrawalTokenSecret = (withdrawalId: string): string =>
  `withdrawal.${withdrawalId}.agentToken`;
