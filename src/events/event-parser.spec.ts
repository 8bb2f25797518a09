import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventParser } from './event-parser.js';
import { KNOWN_EVENTS } from './event-types.js';
import { EventsOptions, type EventsOptionsInput } from './events.options.js';
import { MessageReceivedEvent } from './message-received.event.js';
import { MessageUndeliveredEvent } from './message-undelivered.event.js';
import { UnknownPostackEvent } from './unknown-postack.event.js';

const parserOf = (given: EventsOptionsInput = {}) => {
  return new EventParser(new EventsOptions(given));
};
const parser = parserOf();
const bytes = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const envelope = (wireType: string) => ({
  id: 'msg_1',
  endpoint: 'default',
  wireType,
  occurredAt: new Date('2026-01-02T03:04:05Z'),
  receivedAt: new Date('2026-01-02T03:04:06Z'),
});
const parse = (type: string, data: unknown) => parser.parse(envelope(type), bytes({ type, data }));

describe('EventParser.parse', () => {
  it.each(KNOWN_EVENTS.map((eventClass) => [eventClass.type, eventClass] as const))(
    'makes %s an event of its own class',
    (type, eventClass) => {
      const event = parse(type, { id: 'SM1' });
      expect(event).toBeInstanceOf(eventClass);
      expect(event.type).toBe(type);
    },
  );

  it('reads every spelling of every field', () => {
    const expected = { messageId: 'SM1', from: '+1', to: '+2', text: 'Hi', errorCode: '30003', segments: 2 };
    const spellings = [
      { id: 'SM1', from: '+1', to: '+2', text: 'Hi', errorCode: '30003', segments: 2 },
      { messageId: 'SM1', sender: '+1', recipient: '+2', body: 'Hi', error_code: 30003, segments: '2' },
      { message_id: 'SM1', from: '+1', to: '+2', text: 'Hi', error: { code: 30003 }, segments: 2 },
    ];
    for (const data of spellings) expect(parse('message.undelivered', data)).toMatchObject(expected);
  });

  it('reads a sentence in place of the code as the message', () => {
    const codes = [
      30003,
      'invalid_recipient',
      'E-12.a:7',
      '+15550100001 refused',
      '15550100001',
      'x'.repeat(65),
      '',
    ];
    const events = codes.map((errorCode) => parse('message.failed', { errorCode }));
    expect(
      events.map((event) => ('errorCode' in event ? [event.errorCode, event.errorMessage] : null)),
    ).toEqual([
      ['30003', null],
      ['invalid_recipient', null],
      ['E-12.a:7', null],
      [null, '+15550100001 refused'],
      [null, '15550100001'],
      [null, 'x'.repeat(65)],
      [null, null],
    ]);
    expect(parse('message.failed', { errorCode: 'no, really', errorMessage: 'No' })).toMatchObject({
      errorCode: null,
      errorMessage: 'No',
    });
  });

  it.each([
    [0, 0],
    ['255', 255],
    [256, null],
    [2_000_000_000, null],
    ['2000000000', null],
    [1.5, null],
    [-1, null],
  ])('reads the number of segments %p as %p', (segments, expected) => {
    const event = parse('message.sent', { id: 'SM1', segments });
    expect(event).toMatchObject({ segments: expected, payload: { data: { segments } } });
  });

  it('reads the fields of the body itself when there is no data object', () => {
    const event = parser.parse(
      envelope('message.sent'),
      bytes({ type: 'message.sent', id: 'SM1', to: '+2' }),
    );
    expect(event).toMatchObject({ messageId: 'SM1', to: '+2' });
  });

  it('keeps an event of an unknown type, with the complete payload', () => {
    const event = parse('number.released', { number: '+1' });
    expect(event).toBeInstanceOf(UnknownPostackEvent);
    expect(event).toMatchObject({
      type: 'unknown',
      wireType: 'number.released',
      payload: { data: { number: '+1' } },
    });
  });

  it('does not confuse names that every object has with types or fields', () => {
    expect(parse('constructor', {})).toBeInstanceOf(UnknownPostackEvent);
    expect(parse('__proto__', {})).toBeInstanceOf(UnknownPostackEvent);
    const odd = parserOf({ payload: { text: 'constructor.name' } });
    expect(odd.parse(envelope('message.sent'), bytes({ data: { id: 'SM1' } }))).toMatchObject({ text: null });
  });

  it('reads fields at the paths of the options', () => {
    const mapped = parserOf({
      eventTypes: { 'sms.inbound': MessageReceivedEvent },
      payload: { type: 'event.name', data: ['event.sms'], text: 'content.text' },
    });
    const body = bytes({ event: { name: 'sms.inbound', sms: { id: 'SM1', content: { text: 'Hi' } } } });
    expect(mapped.inspect(body)).toMatchObject({ ok: true, wireType: 'sms.inbound' });
    expect(mapped.parse(envelope('sms.inbound'), body)).toMatchObject({
      type: 'message.received',
      text: 'Hi',
    });
  });

  it('replaces NUL characters in fields, which PostgreSQL could not store, and leaves the payload alone', () => {
    const event = parse('message.received', { id: 'SM1', text: 'a\0b' });
    expect(event).toMatchObject({ text: 'a\uFFFDb', payload: { data: { text: 'a\0b' } } });
  });

  it('accepts any JSON value in any field', () => {
    fc.assert(
      fc.property(fc.constantFrom('message.received', 'x'), fc.jsonValue(), (type, data) => {
        const body = bytes({ type, data });
        expect(parser.inspect(body)).toMatchObject({ ok: true });
        expect(parser.parse(envelope(type), body).id).toBe('msg_1');
      }),
      { numRuns: 500 },
    );
  });
});

describe('EventParser.inspect', () => {
  it.each([
    ['2026-03-04T05:06:07.890Z', '2026-03-04T05:06:07.890Z'],
    ['2026-03-04T05:06:07+02:00', '2026-03-04T03:06:07.000Z'],
    [1_772_600_000, '2026-03-04T04:53:20.000Z'],
    [1_772_600_000_123, '2026-03-04T04:53:20.123Z'],
    ['yesterday', null],
    [-5, null],
    ['9999-01-01T00:00:00Z', null],
    [{}, null],
  ])('reads the time %p as %p', (timestamp, expected) => {
    const inspected = parser.inspect(bytes({ type: 'x', timestamp }));
    expect(inspected).toEqual({
      ok: true,
      wireType: 'x',
      occurredAt: expected === null ? null : new Date(expected),
    });
  });

  it('accepts a byte order mark', () => {
    expect(parser.inspect(bytes('\uFEFF{"type":"x"}'))).toMatchObject({ ok: true, wireType: 'x' });
  });
});

describe('an event', () => {
  const event = parse('message.undelivered', {
    id: 'SM1',
    from: '+15550100001',
    to: '+15550100002',
    text: 'secret',
  });

  it('is printed without texts and complete numbers', () => {
    const printed = inspect({ nested: [event] }, { depth: 5 });
    expect(printed).toContain('MessageUndeliveredEvent');
    expect(printed).toContain('SM1');
    expect(printed).toContain('+1********01');
    expect(printed).not.toMatch(/secret|\+15550100001|\+15550100002/);
  });

  it('has one idempotency key for each listener', () => {
    const again = new MessageUndeliveredEvent(event, event as MessageUndeliveredEvent);
    expect(event.idempotencyKey('a')).toBe(again.idempotencyKey('a'));
    expect(event.idempotencyKey('a')).not.toBe(event.idempotencyKey('b'));
  });
});
