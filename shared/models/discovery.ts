/** The search for machines, which runs only on request. */
import * as z from 'zod';
import { messageSchema } from './message.ts';
import { troubleSchema } from './node-state.ts';

/** A network that this computer is on and that can be searched. */
export const networkSchema = z.object({
  /** `192.168.1.0/24` */
  subnet: z.string(),
  interface: z.string(),
  /** This computer's own address there. */
  address: z.string(),
  /** The number of addresses to scan; a network that is too large is searched without the port scan. */
  hosts: z.number(),
  tooLarge: z.boolean(),
});
export type Network = z.infer<typeof networkSchema>;

/** A machine that was found, with the values for adding it. */
export const foundMachineSchema = z.object({
  address: z.string(),
  name: z.string().nullable(),
  mac: z.string().nullable(),
  /** The broadcast address of its network. */
  broadcast: z.string().nullable(),
  /** Its inference server. `product` is left out for Ollama. */
  ollama: z
    .object({ url: z.string(), version: z.string().nullable(), product: z.string().optional() })
    .nullable(),
  agent: z
    .object({
      url: z.string(),
      version: z.string().nullable(),
      roles: z.array(z.string()),
      id: z.string().nullable(),
    })
    .nullable(),
  /** An existing relay or shutdown server other than a Pilotlight agent. */
  relayUrl: z.string().nullable(),
  shutdownUrl: z.string().nullable(),
  /** Why the server that answers there cannot be used: it wants a login, sends elsewhere, or is too old. */
  problem: troubleSchema.optional(),
  foundBy: z.array(z.enum(['announced', 'neighbours', 'ports', 'asked'])),
  /** The node that already has this address. */
  nodeId: z.string().nullable(),
});
export type FoundMachine = z.infer<typeof foundMachineSchema>;

/** The one entry of the `discovery` stream, key `status`. */
export const discoverySchema = z.object({
  state: z.enum(['never', 'running', 'done', 'cancelled']),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  /** Steps done and in total, for a progress bar: addresses × ports, plus one for each other method. */
  done: z.number(),
  total: z.number(),
  found: z.array(foundMachineSchema),
  /** What could not be searched, and why. */
  notes: z.array(messageSchema),
});
export type Discovery = z.infer<typeof discoverySchema>;
