/**
 * Secrets: passwords, tokens, and addresses that contain one. They are saved apart from everything else, and people and
 * programs see only whether one is set. Their values are written, never read back.
 */
import * as z from 'zod';
import { messageSchema } from './message.ts';

/** A secret as it is shown. */
export const secretStateSchema = z.object({ set: z.boolean() });

/** How secrets are protected: by the system's key store, or by a key in a private file beside them. */
export const secretsProtectionSchema = z.object({
  kind: z.enum(['system', 'key-file']),
  message: messageSchema,
});
export type SecretsProtection = z.infer<typeof secretsProtectionSchema>;

/** The name under which the SecureOn password of a node is saved. */
export const secureOnSecret = (nodeId: string): string => `node.${nodeId}.secureOn`;
/** The same for the token of its agent, the secret of its shutdown server and the token of its relay. */
export const agentTokenSecret = (nodeId: string): string => `node.${nodeId}.agentToken`;
export const shutdownSecret = (nodeId: string): string => `node.${nodeId}.shutdownSecret`;
export const relayTokenSecret = (nodeId: string): string => `node.${nodeId}.relayToken`;
/** The key of an index on another server. */
export const remoteIndexSecret = (remoteId: string): string => `remoteIndex.${remoteId}.key`;
/** The address to call at the end of an index job, if it contains a password. */
export const callbackSecret = (jobId: string): string => `job.${jobId}.callback`;
/** The same for the address to call at the end of a task. */
export const taskWebhookSecret = (taskId: string): string => `task.${taskId}.webhook`;
/** The token of an agent that is no longer managed, until this panel's policy is removed there. */
export const withdrawalTokenSecret = (withdrawalId: string): string =>
  `withdrawal.${withdrawalId}.agentToken`;
