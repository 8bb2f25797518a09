import type { Agenda } from './agenda.js';
import type { LifeEnd, OutboundMessage, SendRequest } from './outbound-message.js';
import { segmentsOf } from './segments.js';
import type { SimulatedEvent } from './simulated-event.js';
import type { SimulatorIds } from './simulator-ids.js';

/** Durations of the stages of a message, in milliseconds before scaling. */
export interface LifeDelays {
  /** From accepted to sent (or failed). */
  sentAfterMs: number;
  /** From sent to delivered or undelivered. */
  deliveredAfterMs: number;
}

/** Receives the events of messages, and the messages that reach their recipient. */
export interface LifeObserver {
  publish(event: SimulatedEvent): void;
  deliver(message: OutboundMessage): void;
}

/** Accepts messages, and takes each through its states. */
export class MessageLife {
  readonly messages: OutboundMessage[] = [];
  readonly #byId = new Map<string, OutboundMessage>();

  constructor(
    private readonly agenda: Agenda,
    private readonly ids: SimulatorIds,
    private readonly delays: LifeDelays,
    private readonly observer: LifeObserver,
  ) {}

  accept({ sender, recipient, text }: SendRequest, end: LifeEnd): OutboundMessage {
    const message: OutboundMessage = {
      id: this.ids.nextMessage(sender, recipient),
      ...{ status: 'queued', sender, recipient, text },
      segments: segmentsOf(text),
      createdAt: new Date().toISOString(),
    };
    this.messages.push(message);
    this.#byId.set(message.id, message);
    this.agenda.start(() => this.#live(message, end));
    return message;
  }

  find(id: string): OutboundMessage | undefined {
    return this.#byId.get(id);
  }

  async #live(message: OutboundMessage, end: LifeEnd): Promise<void> {
    if (end.status === 'queued') return;
    this.#become(message, { status: 'queued' });
    await this.agenda.wait(this.delays.sentAfterMs);
    if (end.status !== 'failed') {
      this.#become(message, { status: 'sent' });
      await this.agenda.wait(this.delays.deliveredAfterMs);
    }
    this.#become(message, end);
    if (end.status === 'delivered') this.observer.deliver(message);
  }

  #become(message: OutboundMessage, change: Pick<OutboundMessage, 'status' | 'errorCode'>): void {
    // In place: users of `LocalPostack.messages` see the current status.
    Object.assign(message, change);
    const { id, sender: from, recipient: to, text, segments } = message;
    this.observer.publish({
      id: this.ids.event(id, `message.${change.status}`),
      type: `message.${change.status}`,
      timestamp: new Date().toISOString(),
      data: { id, from, to, text, segments, ...change },
    });
  }
}
