// What users import in their own tests, from 'nestjs-postack/testing'.

export { signWebhook, type SignedWebhook, type SignWebhookOptions } from './sign-webhook.js';
export { waitForEvent, waitForListener, WaitTimeoutError, type WaitOptions } from './wait-for-event.js';
