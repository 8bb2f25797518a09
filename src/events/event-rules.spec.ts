import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { validationProblems } from '../errors/configuration-error.js';
import { EventParser } from './event-parser.js';
import { KNOWN_EVENT_TYPES } from './event-types.js';
import { EventsOptions, type EventsOptionsInput } from './events.options.js';
import type { JsonValue } from './json.js';

function parserOf(given: EventsOptionsInput) {
  return new EventParser(new EventsOptions(given));
}

function read(given: EventsOptionsInput, body: JsonValue) {
  const parser = parserOf(given);
  const bytes = Buffer.from(JSON.stringify(body));
  const inspected = parser.inspect(bytes);
  if (!inspected.ok) return inspected;
  const { wireType } = inspected;
  const at = new Date('2026-01-02T03:04:05Z');
  return parser.parse({ id: 'msg_1', endpoint: 'default', wireType, occurredAt: at, receivedAt: at }, bytes);
}

const STATUS_RULES = [
  { when: { type: 'message.status', 'data.status': ['delivered', 'DELIVRD'] }, type: 'message.delivered' },
  { when: { type: 'message.status', 'data.status': 'delivery_failed' }, type: 'message.undelivered' },
  { when: { 'data.direction': 'inbound' }, type: 'message.received' },
] as const;

describe('eventRules', () => {
  it.each([
    [{ type: 'message.status', data: { status: 'delivered' } }, 'message.delivered'],
    [{ type: 'message.status', data: { status: 'DELIVRD' } }, 'message.delivered'],
    [{ type: 'message.status', data: { status: 'delivery_failed' } }, 'message.undelivered'],
    [{ type: 'message.status', data: { status: 'ENROUTE' } }, 'unknown'],
    // The first rule that holds.
    [{ type: 'message.status', data: { status: 'delivered', direction: 'inbound' } }, 'message.delivered'],
    [{ type: 'message.status', data: { direction: 'inbound' } }, 'message.received'],
    // A rule before the type.
    [{ type: 'message.sent', data: { direction: 'inbound' } }, 'message.received'],
    [{ type: 'message.sent', data: { direction: 'outbound' } }, 'message.sent'],
    [{ type: 'message.sent', data: { direction: ['inbound'] } }, 'message.sent'],
    // Without a type.
    [{ data: { direction: 'inbound' } }, 'message.received'],
  ])('take %j for %s', (body, type) => {
    expect(read({ eventRules: STATUS_RULES }, body)).toMatchObject({
      type,
      wireType: (body as { type?: string }).type ?? '',
    });
  });

  it('compare numbers, booleans, and what is missing', () => {
    const given = (when: Record<string, JsonValue>): EventsOptionsInput => ({
      eventRules: [{ when: when as Record<string, string>, type: 'message.sent' }],
    });
    expect(read(given({ code: 1 }), { type: 'x', code: '1' })).toMatchObject({ type: 'message.sent' });
    expect(read(given({ code: '1' }), { type: 'x', code: 1 })).toMatchObject({ type: 'message.sent' });
    expect(read(given({ ok: true }), { type: 'x', ok: true })).toMatchObject({ type: 'message.sent' });
    expect(read(given({ ok: null }), { type: 'x' })).toMatchObject({ type: 'message.sent' });
    expect(read(given({ ok: null }), { type: 'x', ok: {} })).toMatchObject({ type: 'unknown' });
    expect(read(given({ 'errors.0.code': 30003 }), { type: 'x', errors: [{ code: 30003 }] })).toMatchObject({
      type: 'message.sent',
    });
  });

  it('are followed by the types, and these by the default', () => {
    const given: EventsOptionsInput = {
      eventTypes: { 'sms.inbound': 'message.received', 'number.released': 'ignored' },
      eventRules: STATUS_RULES,
      defaultEventType: 'message.queued',
    };
    expect(read(given, { type: 'sms.inbound' })).toMatchObject({ type: 'message.received' });
    expect(read(given, { type: 'number.released' })).toMatchObject({ type: 'unknown', isIgnored: true });
    expect(read(given, { type: 'other' })).toMatchObject({ type: 'message.queued', wireType: 'other' });
    expect(read(given, { text: 'Hi' })).toMatchObject({ type: 'message.queued', wireType: '' });
    expect(read({}, { text: 'Hi' })).toEqual({
      ok: false,
      reason: 'the body has no event type (looked at: type)',
    });
  });
});

describe('payload', () => {
  const FIELDS = ['messageId', 'from', 'to', 'text', 'status', 'errorMessage'] as const;

  it('enters lists', () => {
    const given: EventsOptionsInput = {
      eventTypes: { 'message.finalized': 'message.undelivered' },
      payload: {
        ...{ data: ['data.payload', 'data'], from: ['from.phone_number', 'from'] },
        ...{ to: ['to.0.phone_number', 'to'], errorCode: ['errors.0.code', 'errorCode'] },
      },
    };
    const payload = {
      ...{ id: 'SMt1', from: { phone_number: '+15550105000' }, to: [{ phone_number: '+15550108203' }] },
      errors: [{ code: '40300' }],
    };
    expect(read(given, { type: 'message.finalized', data: { payload } })).toMatchObject({
      ...{ type: 'message.undelivered', messageId: 'SMt1', from: '+15550105000', to: '+15550108203' },
      errorCode: '40300',
    });
    const flat = { id: 'SMt2', from: '+1', to: '+2', errorCode: ' 30005 ' };
    expect(read(given, { type: 'message.finalized', data: flat })).toMatchObject({
      ...{ messageId: 'SMt2', from: '+1', to: '+2', errorCode: '30005' },
    });
  });

  it('starts at the body if data is an empty list', () => {
    const body = { type: 'message.sent', id: 'outer', data: { id: 'inner' } };
    expect(read({ payload: { data: [] } }, body)).toMatchObject({ messageId: 'outer' });
    expect(read({}, body)).toMatchObject({ messageId: 'inner' });
  });

  it('keeps the digits of ids that are no exact numbers', () => {
    const ids = ['1152921506151679041', '1152921506151679042'];
    const parser = parserOf({});
    const at = new Date();
    const read = ids.map((id) => {
      const bytes = Buffer.from(`{"type":"message.received","data":{"id":${id},"small":7,"half":1.5e20}}`);
      const envelope = { id: 'msg_1', endpoint: 'default', occurredAt: at, receivedAt: at };
      return parser.parse({ ...envelope, wireType: 'message.received' }, bytes);
    });
    expect(read.map((event) => 'messageId' in event && event.messageId)).toEqual(ids);
    expect(read[0]!.payload).toMatchObject({ data: { id: ids[0], small: 7, half: 1.5e20 } });
  });

  it('reads what a naive reader reads, from any shape by any mapping', () => {
    const key = fc.constantFrom('a', 'b', 'id', 'constructor', '0', '1');
    const path = fc.array(key, { minLength: 1, maxLength: 3 }).map((keys) => keys.join('.'));
    const paths = fc.array(path, { maxLength: 3 });
    const mapping = fc.record(Object.fromEntries(FIELDS.map((field) => [field, paths])));
    const { tree } = fc.letrec<{ tree: JsonValue }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<JsonValue>('text', '', 5, true, null),
        fc.array(tie('tree'), { maxLength: 2 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
      ),
    }));
    const naive = (root: JsonValue, dotted: string) =>
      dotted
        .split('.')
        .reduce<unknown>(
          (value, name) =>
            typeof value === 'object' && value !== null && Object.keys(value).includes(name)
              ? (value as Record<string, unknown>)[name]
              : undefined,
          root,
        );
    fc.assert(
      fc.property(mapping, fc.dictionary(key, tree), (given, data) => {
        const event = read({ payload: given }, { type: 'message.sent', data });
        for (const field of FIELDS) {
          const values = given[field]!.map((one) => naive(data, one));
          const isText = (value: unknown) => typeof value === 'string' || typeof value === 'number';
          const isUsable = (value: unknown) => isText(value) && (field !== 'messageId' || value !== '');
          const expected = values.find(isUsable) as string | number | undefined;
          if (field === 'errorMessage' && expected === undefined) continue;
          expect(event).toMatchObject({
            [field]: expected === undefined ? null : `${expected}`,
          });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('EventsOptions', () => {
  it.each<[unknown, RegExp]>([
    [
      { eventTypes: { x: 'message.arrived' } },
      /"eventTypes": "x" must be one of message.received, .* or ignored/,
    ],
    [{ eventTypes: ['x'] }, /"eventTypes" must be an object of types/],
    [{ defaultEventType: 'sms' }, /"defaultEventType" must be one of/],
    [{ eventRules: {} }, /"eventRules" must be a list of rules/],
    [{ eventRules: ['x'] }, /"eventRules\[0\]" must be an object with when and type/],
    [
      { eventRules: [{ when: {}, type: 'ignored' }] },
      /"eventRules\[0\].when" must be an object of paths and values/,
    ],
    [
      { eventRules: [{ when: { a: [] }, type: 'ignored' }] },
      /"eventRules\[0\].when": "a" must be a value or a list/,
    ],
    [
      { eventRules: [{ when: { a: {} }, type: 'ignored' }] },
      /"eventRules\[0\].when": "a" must be a value or a list/,
    ],
    [{ eventRules: [{ when: { a: 1 }, type: 'x' }] }, /"eventRules\[0\].type" must be one of/],
    [
      { eventRules: [{ if: { a: 1 }, when: { a: 1 }, type: 'ignored' }] },
      /"eventRules\[0\].if" is not an option/,
    ],
    [
      { payload: { sender: 'from' } },
      /"payload.sender" is not a field; there are type, timestamp, data, messageId/,
    ],
    [{ payload: { from: 5 } }, /"payload.from" must be a path, such as data.id, or a list of paths/],
    [{ payload: { from: [''] } }, /"payload.from" must be a path/],
    [{ payload: 'from' }, /"payload" must be an object of paths/],
  ])('refuses %j', (given, problem) => {
    expect(validationProblems(new EventsOptions(given as EventsOptionsInput)).join('\n')).toMatch(problem);
  });

  it('takes classes and names alike', () => {
    const eventTypes = Object.fromEntries(KNOWN_EVENT_TYPES.map((type) => [type, type] as const));
    expect(validationProblems(new EventsOptions({ eventTypes }))).toEqual([]);
  });
});
