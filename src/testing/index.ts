// `nestjs-postack/testing`: for the tests of applications that use the module.

import '../errors/node-version.js';
export { type SignedWebhook, type SignWebhookOptions, signWebhook } from './sign-webhook.js';
export { recordReplies, type RecordedReply } from './record-replies.js';
export { testContext, testEvent, type TestEventFields } from './test-event.js';
export { waitForReports } from './wait-for-reports.js';
export { waitForEvent, waitForListener } from './wait-for-event.js';
export { type WaitOptions, WaitTimeoutError } from './poll.js';
