import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { post } from './load.js';

let events = 0;

/** The body of an event of one conversation. */
export function conversationBody(conversation: number, number: number, text = 'Hello') {
  events += 1;
  return {
    type: 'message.received',
    timestamp: new Date().toISOString(),
    data: {
      id: `SM${events}`,
      number,
      from: `+1555020${String(conversation).padStart(4, '0')}`,
      to: '+15550100002',
      text,
    },
  };
}

/**
 * Posts one event until it is acknowledged, to one of the targets after the other, or until there are none (`undefined`).
 * Resolves to its id.
 */
export async function postUntilAcknowledged(
  targets: () => readonly string[] | undefined,
  id: string,
  body: unknown,
): Promise<string> {
  const agent = new Agent({ keepAlive: false });
  for (let attempt = 0; ; attempt++) {
    const urls = targets();
    if (!urls) return id;
    const url = urls[attempt % Math.max(urls.length, 1)];
    const status = url === undefined ? undefined : (await post(url, id, body, agent)).status;
    if (status === 204) return id;
    if (status !== undefined && status < 500) throw new Error(`Event ${id} was answered ${status}`);
    await sleep(50);
  }
}
