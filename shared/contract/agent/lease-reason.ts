/** How an agent phrases a lease among its reasons to stay on. Core recognises it by that: its own list has leases already. */
export const leaseReason = ({ holder, purpose }: { holder: string; purpose: string }): string =>
  `${holder} needs it: ${purpose}.`;
