/** The settings of the door for Immich. */
import * as z from 'zod';
import { isAllowedSource } from '../network/allowed-source.ts';
import { isCallableAddress } from '../network/callable-address.ts';
import { trimPasted } from '../network/pasted.ts';
import { IMMICH_PORT } from './immich-port.ts';

export const immichSchema = z.object({
  /** Whether the door for Immich listens on this computer. */
  on: z.boolean().default(false),
  port: z.number().int().min(1).max(65_535).default(IMMICH_PORT),
  /** `network`: the addresses of `allowed` may connect, or every one with `anyone`. */
  listen: z.enum(['loopback', 'network']).default('loopback'),
  /** Addresses, and networks such as `192.168.1.0/24`. Immich sends no key. */
  allowed: z
    .array(
      z
        .string()
        .trim()
        .max(50)
        .refine(isAllowedSource, 'this is not an address, or a network such as 192.168.1.0/24'),
    )
    .max(50)
    .default([]),
  anyone: z.boolean().default(false),
  /** How long a request may wait for a machine, seconds. Immich itself gives up after 300. */
  holdSeconds: z.number().int().min(10).max(280).default(240),
  /** Whether this computer's runner serves pictures while a machine wakes. */
  cpuMeanwhile: z.boolean().default(false),
  /** Memory for requests that wait, MiB. */
  bodyBudgetMb: z.number().int().min(40).max(4096).default(64),
  /** Immich's model folder on this computer, for its own runner; null if there is none. */
  folder: z.string().trim().min(1).max(4096).nullable().default(null),
  /** Where requests for text in pictures go, which no runner reads: Immich's own machine learning; null refuses them. */
  ocrUrl: z.string().max(2000).overwrite(trimPasted).refine(isCallableAddress).nullable().default(null),
});
