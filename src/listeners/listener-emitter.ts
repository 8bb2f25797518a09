/**
 * Injection token of the event emitter that listeners and projections are bound to: an emitter of this package's own, so
 * that it works whatever options the host's `EventEmitterModule` has.
 */
export const LISTENER_EMITTER = Symbol('nestjs-postack:listener-emitter');
