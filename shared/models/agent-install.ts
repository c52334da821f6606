/** Installing an agent on another machine: the files that are here, and the addresses at which that machine can get one. */
import * as z from 'zod';
import { updateProcessors, updateSystems } from './update-manifest.ts';

/** Where the panel serves a file of an agent, for whoever has a signed address. */
export const agentFilePath = '/api/agent-file';

export const agentInstallFileSchema = z.object({
  os: z.enum(updateSystems),
  arch: z.enum(updateProcessors),
  name: z.string(),
  version: z.string(),
  sizeBytes: z.number(),
  /** Hexadecimal. */
  sha256: z.string(),
  /** On this computer. */
  path: z.string(),
});
export type AgentInstallFile = z.infer<typeof agentInstallFileSchema>;

export const agentInstallSchema = z.object({
  files: z.array(agentInstallFileSchema),
  /** Where the panel is open for other devices; none if it only listens on this computer. */
  addresses: z.array(z.object({ address: z.string(), url: z.string() })),
  /** The folder of the newest release on the web; null if no address is set. */
  releases: z.string().nullable(),
});
export type AgentInstall = z.infer<typeof agentInstallSchema>;

export const agentInstallLinkSchema = z.object({
  url: z.string(),
  name: z.string(),
  sha256: z.string(),
  /** Milliseconds since the epoch. It also ends with the first complete download. */
  expiresAt: z.number(),
});
export type AgentInstallLink = z.infer<typeof agentInstallLinkSchema>;
