import { list } from '../grammar.ts';

/** The gateway: its state, and why machines are kept on for it. */
export const gatewayStateMessages = {
  /** As a purpose of a lease. */
  GATEWAY_REQUESTS: ({ programs }: { programs: readonly string[] }) =>
    programs.length === 0 ? 'requests through the gateway' : `requests from ${list(programs)}`,

  GATEWAY_OFF_HERE: () =>
    'The gateway is off for this run, because Pilotlight was started with --gateway-port off.',
  START_WITHOUT_OFF: () => 'Start Pilotlight without that option.',
  GATEWAY_NOT_PART: () => 'This program does not run the gateway.',
  GATEWAY_PORT_TAKEN: ({ port, holder }: { port: number; holder: { name: string; pid: number } | null }) =>
    holder === null
      ? `Another program uses port ${port}.`
      : `${holder.name} uses port ${port} (process ${holder.pid}).`,
  FREE_GATEWAY_PORT: ({ isDefault }: { isDefault: boolean }) =>
    `End that program, or choose another port in Settings → Gateway.${
      isDefault ? ' Ollama Herd uses 11435 too.' : ''
    } Pilotlight tries again by itself.`,
  GATEWAY_PORT_REFUSED: ({ port, reason }: { port: number; reason: string }) =>
    `The gateway cannot listen on port ${port} (${reason}).`,
  CHOOSE_GATEWAY_PORT: () => 'Choose another port in Settings → Gateway.',
  GATEWAY_STAYS_LOCAL: () =>
    'The gateway listens on this computer only: no key with the right "infer" is left, so no other computer could use it.',
  GATEWAY_NO_KEY: () => 'No key has the right "infer", so no other computer could use the gateway.',
  ADD_GATEWAY_KEY: () =>
    'Create one in Settings → Access, or with "npm run pilotlight -- keys add NAME --kind program".',
};
