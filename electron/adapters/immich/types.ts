/** What the door needs to know of the runners behind it, for programs that have no core. */
export type { DoorBackend, OpenDoor, PredictNeed, PredictPlace } from '../../core/ports/immich-door.ts';
