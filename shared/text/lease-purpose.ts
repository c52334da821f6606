/** The purpose of a lease that a person took without giving a reason. Without the schemas, so that the panel can bundle it. */

export const noReason = 'in use';

/** What earlier versions recorded; saved leases, and those of other panels, still carry it. */
const earlierNoReason = 'somebody uses it';

/** Whether a purpose is more than the default. */
export const givesReason = (purpose: string): boolean => purpose !== noReason && purpose !== earlierNoReason;

/** A purpose on its own: `a game`, `indexing "Notes"`; `kept awake` if a person gave no reason. */
export const purposeLabel = (purpose: string): string => (givesReason(purpose) ? purpose : 'kept awake');
