// What the benchmark sends: signed requests of a plausible business. Of 30 events 10 are received, 10 sent, 9 delivered
// and 1 undelivered (30003); 10,000 customers, five own numbers, no event twice.
import { randomUUID } from 'node:crypto';
import { createSignature } from '../../dist/src/webhook/svix-signature.js';
import { parseWebhookSecret } from '../../dist/src/webhook/webhook-secret.js';

const CUSTOMERS = 10_000;
const OWN_NUMBERS = 5;

/** Messages that are sent before the report about one of them arrives. */
const REPORT_AFTER = 100;

/** `count` requests to the path of `url`: the headers of each, without those of HTTP itself, and its body. */
export function makeRequests(count, secret) {
  const key = parseWebhookSecret(secret);
  const run = randomUUID().slice(0, 8);
  return Array.from({ length: count }, (_, index) => request(index, run, key));
}

function request(index, run, key) {
  const body = JSON.stringify(event(index, run));
  const id = `msg_${randomUUID().replaceAll('-', '')}`;
  const seconds = Math.floor(Date.now() / 1000);
  const signature = createSignature(key, id, seconds, Buffer.from(body));
  const headers = {
    'content-type': 'application/json',
    'svix-id': id,
    'svix-timestamp': String(seconds),
    'svix-signature': signature,
  };
  return { headers, body };
}

function event(index, run) {
  const turn = Math.floor(index / 3);
  const of = index % 3 === 2 ? turn - REPORT_AFTER : turn;
  // Reports come in an order of their own; customers write in no order.
  const customer = `+1415${String(2_000_000 + ((((of * 7919) % CUSTOMERS) + CUSTOMERS) % CUSTOMERS))}`;
  const own = `+1555010000${((of % OWN_NUMBERS) + OWN_NUMBERS) % OWN_NUMBERS}`;
  const timestamp = new Date().toISOString();
  const text = `Your order ${randomUUID()} is on its way. Reply HELP for help or STOP to stop.`;
  const data = { id: `SM_${run}_out_${of}`, from: own, to: customer, text, segments: 1 };
  if (index % 3 === 0) {
    const received = { ...data, id: `SM_${run}_in_${of}`, from: customer, to: own, text: text.slice(0, 40) };
    return { type: 'message.received', timestamp, data: received };
  }
  if (index % 3 === 1) return { type: 'message.sent', timestamp, data };
  if (of % 10 !== 9 && of % 10 !== -1) return { type: 'message.delivered', timestamp, data };
  const reason = { errorCode: '30003', errorMessage: 'Unreachable destination handset' };
  return { type: 'message.undelivered', timestamp, data: { ...data, ...reason } };
}
