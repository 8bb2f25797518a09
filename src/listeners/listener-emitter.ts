/**
 * Injection token of the event emitter that calls listeners and projections. It is separate from the emitter of the
 * host's `EventEmitterModule`, whose options therefore do not matter. That calls go through `@nestjs/event-emitter` is a
 * requirement of this project.
 */
export const LISTENER_EMITTER = Symbol('nestjs-postack:listener-emitter');
