// `nestjs-postack/simulator`: a local Postack for development and tests.

import '../errors/node-version.js';
export type { ApiErrorCode } from './api-errors.js';
export { type AutoReply, type Customer, type ReceivedSms, type SentSms } from './customer.js';
export type { LocalPostackOptions } from './local-postack.options.js';
export { LocalPostack } from './local-postack.js';
export { MAGIC_NUMBERS, type MagicNumber, type SpoiltAnswer } from './magic-numbers.js';
export type { LifeEnd, OutboundMessage, OutboundStatus } from './outbound-message.js';
export type { ApiRequest, OutageMode } from './rest-api.js';
export type { Seed } from './seeded-random.js';
export type { SimulatedEvent, SimulatedEventData } from './simulated-event.js';
export {
  BackgroundFailureError,
  NothingReceivedError,
  SimulatorOptionError,
  SimulatorStoppedError,
  UnknownEndpointError,
  UnknownEventError,
} from './simulator-errors.js';
export { storm, type StormDelivery, type StormReport } from './storm.js';
export type { StormFaults, StormOptions } from './storm-options.js';
export { planStorm, type StormExpectation, type StormPlan } from './storm-plan.js';
export type { StormEvent, StormStep } from './storm-step.js';
export { type Delivery, type DeliveryManner, RETRY_DELAYS_MS } from './webhook-delivery.js';
export type { EndpointRegistration, RegisteredEndpoint } from './webhook-endpoints.js';
