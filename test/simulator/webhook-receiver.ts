import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'svix';
import type { SimulatedEvent } from '../../src/simulator/index.js';

/** A webhook as it has arrived. */
export class ReceivedWebhook {
  readonly event: Omit<SimulatedEvent, 'id'>;
  readonly id: string;
  /** In the signature header. */
  readonly signatures: string[];
  /** Of the headers, in seconds since 1970. */
  readonly signedAt: number;

  constructor(
    readonly headers: IncomingHttpHeaders,
    readonly body: string,
  ) {
    this.event = JSON.parse(body) as SimulatedEvent;
    this.id = String(headers['svix-id']);
    this.signatures = String(headers['svix-signature']).split(' ');
    this.signedAt = Number(headers['svix-timestamp']);
  }

  /** What Svix's own library thinks. */
  fits(secret: string): boolean {
    try {
      new Webhook(secret).verify(this.body, this.headers as Record<string, string>);
      return true;
    } catch {
      return false;
    }
  }
}

/** Receives webhooks and keeps them. */
export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** The status to answer; or to cut the connection; or never to answer. */
  answer: (webhook: ReceivedWebhook) => number | 'cut' | 'silence';
  close(): Promise<void>;
}

export async function startReceiver(): Promise<WebhookReceiver> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const webhook = new ReceivedWebhook(request.headers, body);
      receiver.received.push(webhook);
      const answer = receiver.answer(webhook);
      if (answer === 'cut') request.socket.destroy();
      else if (answer !== 'silence') response.writeHead(answer, { location: '/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    received: [],
    answer: () => 204,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return receiver;
}
