/**
 * What a sensor can really show. Drivers fill a value that they cannot read with all ones or the end of its scale: 511 °C
 * of a card that sleeps, 65,535 % of one that has just woken. Such a value is unknown, and is no figure. Pure.
 */

type Reading = number | null;

const between = (least: number, most: number) => (value: Reading) =>
  value !== null && value >= least && value <= most ? value : null;

export const plausiblePercent = between(0, 100);
/** Chips switch themselves off at 125 °C at the latest. A machine may stand in a cold shed. */
export const plausibleCelsius = between(-60, 150);
/** The largest cards draw 1400 W. */
export const plausibleWatts = between(0, 5000);
