/** Looking for machines, on a click only. */
import * as z from 'zod';

/** A network that this computer is on and that can be ticked. */
export const networkSchema = z.object({
  /** `192.168.1.0/24` */
  subnet: z.string(),
  interface: z.string(),
  /** This computer's own address there. */
  address: z.string(),
  /** Addresses that a look would try; one that is too large is offered without the look at ports. */
  hosts: z.number(),
  tooLarge: z.boolean(),
});
export type Network = z.infer<typeof networkSchema>;

/** A machine that was found, with what would be filled in to add it. */
export const foundMachineSchema = z.object({
  address: z.string(),
  name: z.string().nullable(),
  mac: z.string().nullable(),
  /** The broadcast address of its network. */
  broadcast: z.string().nullable(),
  ollama: z.object({ url: z.string(), version: z.string().nullable() }).nullable(),
  agent: z
    .object({
      url: z.string(),
      version: z.string().nullable(),
      roles: z.array(z.string()),
      id: z.string().nullable(),
    })
    .nullable(),
  /** An existing relay or shutdown server that is not our agent. */
  relayUrl: z.string().nullable(),
  shutdownUrl: z.string().nullable(),
  foundBy: z.array(z.enum(['announced', 'neighbours', 'ports', 'asked'])),
  /** The node that has this address already. */
  nodeId: z.string().nullable(),
});
export type FoundMachine = z.infer<typeof foundMachineSchema>;

/** The one entry of the `discovery` stream, key `status`. */
export const discoverySchema = z.object({
  state: z.enum(['never', 'running', 'done', 'cancelled']),
  startedAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  /** Steps done and in all, for a bar: addresses × ports, and one for each other way. */
  done: z.number(),
  total: z.number(),
  found: z.array(foundMachineSchema),
  /** What could not be asked and why, a sentence each. */
  notes: z.array(z.string()),
});
export type Discovery = z.infer<typeof discoverySchema>;
