import { ApiError } from './api-errors.js';
import { isE164 } from './e164.js';
import { magicOf, type MagicNumber, type SpoiltAnswer } from './magic-numbers.js';
import type { MessageLife } from './message-life.js';
import type { OutboundMessage, SendRequest } from './outbound-message.js';

/** Response of a route. */
export interface RouteAnswer {
  status: number;
  body: OutboundMessage;
  /** Fault of the response. */
  spoilt?: SpoiltAnswer;
}

const SHORT_CODE = /^\d{3,8}$/;
/** Letters, digits and spaces, with a letter among them: what GSM networks show as a sender's name. */
const SENDER_NAME = /^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$/;
const MAX_TEXT_LENGTH = 1600;

/** `POST /messages` and `GET /messages/:id`. */
export class MessageRoutes {
  /** Requests that a magic number has rejected once. */
  readonly #rejected = new Set<string>();

  /** @param ownNumbers Numbers that may send; if empty, any may. */
  constructor(
    private readonly life: MessageLife,
    private readonly ownNumbers: readonly string[],
  ) {}

  /** @throws {ApiError} */
  send(body: unknown): RouteAnswer {
    const request = this.#parse(body);
    const magic = magicOf(request.recipient);
    if (magic?.does === 'refuse') this.#refuse(request, magic);
    const message = this.life.accept(request, magic?.does === 'end' ? magic.end : { status: 'delivered' });
    return { status: 201, body: message, spoilt: magic?.does === 'spoil' ? magic.answer : undefined };
  }

  /** @throws {ApiError} */
  find(id: string): RouteAnswer {
    const message = this.life.find(id);
    if (!message) throw new ApiError('invalid_message');
    return { status: 200, body: message };
  }

  /** Reports the first invalid field in the order sender, recipient, text. @throws {ApiError} */
  #parse(body: unknown): SendRequest {
    if (typeof body !== 'object' || body === null) throw new ApiError('invalid_request');
    const { sender, recipient, text } = body as Partial<Record<keyof SendRequest, unknown>>;
    if (typeof sender !== 'string' || !this.#maySend(sender)) throw new ApiError('invalid_sender');
    if (typeof recipient !== 'string') throw new ApiError('invalid_recipient');
    if (SHORT_CODE.test(recipient)) throw new ApiError('invalid_short_code_recipient');
    if (!isE164(recipient)) throw new ApiError('invalid_recipient');
    if (typeof text !== 'string' || text === '' || text.length > MAX_TEXT_LENGTH) {
      throw new ApiError('invalid_text');
    }
    return { sender, recipient, text };
  }

  #maySend(sender: string): boolean {
    if (this.ownNumbers.length > 0) return this.ownNumbers.includes(sender);
    return isE164(sender) || SHORT_CODE.test(sender) || SENDER_NAME.test(sender);
  }

  #refuse(request: SendRequest, { code, isOnce }: Extract<MagicNumber, { does: 'refuse' }>): void {
    const key = JSON.stringify(request);
    if (isOnce && this.#rejected.has(key)) return;
    this.#rejected.add(key);
    throw new ApiError(code, code === 'rate_limited' ? 1 : undefined);
  }
}
