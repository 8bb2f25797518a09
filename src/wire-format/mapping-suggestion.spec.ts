import { describe, expect, it } from '@jest/globals';
import { EventParser } from '../events/event-parser.js';
import { EventsOptions } from '../events/events.options.js';
import { parseJson } from '../events/json.js';
import { PROVIDER_SHAPES } from '../../test/service/provider-shapes.js';
import { leavesOf } from './payload-leaves.js';
import { suggestMapping } from './mapping-suggestion.js';
import { sampleOf as sampleOfBytes, type Sample } from './sample.js';

function sampleOf(body: unknown): Sample {
  return sampleOfBytes(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
}

/** A body as it is read with these options. */
function read(body: Buffer, options: EventsOptions) {
  const parser = new EventParser(options);
  const parsed = parser.inspect(body);
  const at = new Date(0);
  const wireType = parsed.ok ? parsed.wireType : '';
  return parser.parse({ id: '', endpoint: '', wireType, occurredAt: at, receivedAt: at }, body);
}

describe('suggestMapping', () => {
  it.each(PROVIDER_SHAPES.map(({ name, bodies }) => [name, bodies] as const))(
    'finds out how to read messages that come in as: %s',
    (_name, bodies) => {
      const samples = bodies.map(({ body }) => sampleOf(body));
      const suggestion = suggestMapping(samples, new EventsOptions());
      expect(suggestion).toMatchObject({ readNow: 0 });
      const [inbound] = samples;
      const { type, from, to, text, messageId } = bodies[0]!.expected;
      expect(read(inbound!.body, new EventsOptions(suggestion?.configuration))).toMatchObject({
        ...{ type, from, to, text, messageId },
      });
    },
  );

  it('tells the reports of most providers too', () => {
    const shares = PROVIDER_SHAPES.map(({ bodies }) => {
      const samples = bodies.map(({ body }) => sampleOf(body));
      return suggestMapping(samples, new EventsOptions())?.readThen;
    });
    // The last one has states that are numbers.
    expect(shares).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0.5]);
  });

  it('guesses by parts of names, too', () => {
    const inbound = {
      event_type: 'sms.inbound',
      occurred_at: '2025-11-25T09:00:00Z',
      payload: {
        provider_sms_id: 'q1',
        customer: { number: '+15550107001' },
        receiving_number: '+15550105000',
        body_text: 'STOP',
      },
    };
    const report = {
      event_type: 'sms.dlr',
      payload: {
        provider_sms_id: 'q2',
        receiving_number: '+15550107001',
        dlr_status: 'UNDELIV',
        carrier_error_code: 5,
      },
    };
    expect(suggestMapping([sampleOf(inbound), sampleOf(report)], new EventsOptions())).toMatchObject({
      configuration: {
        payload: {
          ...{ type: 'event_type', timestamp: 'occurred_at', data: 'payload', messageId: 'provider_sms_id' },
          ...{ from: 'customer.number', to: 'receiving_number', text: 'body_text', status: 'dlr_status' },
          errorCode: 'carrier_error_code',
        },
        eventTypes: { 'sms.inbound': 'message.received' },
      },
      readThen: 1,
    });
  });

  it('says nothing if everything is read, or nothing better is known', () => {
    const known = { type: 'message.received', data: { id: 'M1', from: '+15550107001', text: 'Hi' } };
    expect(suggestMapping([sampleOf(known)], new EventsOptions())).toBeNull();
    expect(suggestMapping([], new EventsOptions())).toBeNull();
    expect(suggestMapping([sampleOf({ a: 1 }), sampleOf('"text"')], new EventsOptions())).toBeNull();
  });

  it('keeps what is mapped already', () => {
    const mapped = { kind: 'mo', data: { ref: 'M1', from: '+15550107001', body: 'Hi' } };
    const other = { kind: 'receipt', state: 'DELIVRD', sms_id: 'M2', recipient: '+15550107001', body: '' };
    const options = new EventsOptions({
      eventTypes: { mo: 'message.received' },
      payload: { type: 'kind', messageId: ['ref'] },
    });
    const suggestion = suggestMapping([sampleOf(mapped), sampleOf(mapped), sampleOf(other)], options);
    expect(suggestion).toEqual({
      configuration: {
        payload: { type: 'kind', messageId: ['sms_id', 'ref'], status: ['state', 'status'] },
        eventTypes: { mo: 'message.received' },
        eventRules: [{ when: { kind: 'receipt', state: 'DELIVRD' }, type: 'message.delivered' }],
      },
      readNow: 2 / 3,
      readThen: 1,
    });
  });
});

describe('leavesOf', () => {
  it('shows paths, and no keys that are no names', () => {
    const payload = {
      to: [{ number: '1' }, { number: '2' }],
      '+15550107001': 'a',
      inner: '{"x":[true]}',
      'a.b': null,
    };
    expect(leavesOf(payload)).toEqual([
      { path: 'to.0.number', value: '1' },
      { path: '*', value: 'a' },
      { path: 'inner.x.0', value: true },
      { path: '*', value: null },
    ]);
  });

  it('ends at a depth and a number of values', () => {
    const deep = parseJson(`${'{"a":'.repeat(50)}1${'}'.repeat(50)}`);
    expect(leavesOf(deep)).toEqual([]);
    expect(leavesOf(Array.from({ length: 3 }, () => 1))).toHaveLength(1);
    expect(leavesOf(Object.fromEntries(Array.from({ length: 999 }, (_, n) => [`k${n}`, n])))).toHaveLength(
      200,
    );
  });
});
