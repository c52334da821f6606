import type * as z from 'zod';
import type * as agents from '../../shared/contract/agents.ts';
import type * as checks from '../../shared/contract/checks.ts';
import type * as discovery from '../../shared/contract/discovery.ts';
import type * as power from '../../shared/contract/power.ts';
import { client } from './index.ts';

type Groups<Module> = Module[keyof Module];
type Joined<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;
type Definitions = Joined<
  Groups<typeof agents> | Groups<typeof checks> | Groups<typeof discovery> | Groups<typeof power>
>;
interface Definition {
  params: z.ZodType;
  result: z.ZodType;
}
type Of<Name extends keyof Definitions> = Definitions[Name] extends Definition ? Definitions[Name] : never;

/** Calls the methods of power, agents, discovery and checks, by their definitions. */
export const callPower = client.call as unknown as <Name extends keyof Definitions>(
  method: Name,
  params: z.input<Of<Name>['params']>,
  options?: { signal?: AbortSignal },
) => Promise<z.output<Of<Name>['result']>>;
