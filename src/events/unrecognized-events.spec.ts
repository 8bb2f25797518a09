import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { EventParser } from './event-parser.js';
import { EventsOptions } from './events.options.js';
import type { JsonValue } from './json.js';
import { UnrecognizedEvents } from './unrecognized-events.js';

const parser = new EventParser(new EventsOptions());

function event(type: string, data: JsonValue) {
  const at = new Date();
  const envelope = { id: 'msg_1', endpoint: 'default', wireType: type, occurredAt: at, receivedAt: at };
  return parser.parse(envelope, Buffer.from(JSON.stringify({ type, data })));
}

describe('UnrecognizedEvents', () => {
  let unrecognized: UnrecognizedEvents;
  let warnings: string[];

  beforeEach(() => {
    unrecognized = new UnrecognizedEvents(parser);
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      warnings.push(String(message));
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('warns once for each shape of a quarantined body, with its keys and without its values', () => {
    const body = (text: string) =>
      Buffer.from(JSON.stringify({ event: 'sms', data: { from: '+15550107003', text } }));
    for (const text of ['STOP', 'secret']) unrecognized.quarantined('the body has no event type', body(text));
    unrecognized.quarantined('the body is not JSON in UTF-8', Buffer.from([0xff]));
    expect(warnings).toEqual([
      'An authentic webhook is stored as quarantined: the body has no event type. Keys: event, data; in data: from, text. ' +
        'To see what came in, and a mapping for it: npm run wire-format, or GET /api/v1/wire-format',
      expect.stringMatching(/not JSON in UTF-8. It is no JSON object/),
    ]);
  });

  it('warns once for each unknown type', () => {
    for (const type of ['sms.inbound', 'sms.inbound', '+15550107003 wrote']) {
      unrecognized.unhandled(event(type, { msisdn: '+15550107003' }));
    }
    unrecognized.unhandled(event('message.sent', {}));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Events of the type sms.inbound are not known .* Keys: type, data; in data: msisdn. To see /,
      ),
      expect.stringMatching(/^Events of the type \(not a name\) are not known/),
    ]);
  });

  it('warns if a known event has not what it is about', () => {
    unrecognized.check(event('message.received', { from: '+1', to: '+2', message: 'STOP' }));
    unrecognized.check(event('message.delivered', { uuid: 'SM1' }));
    unrecognized.check(event('message.received', { from: '+1', to: '+2', text: '' }));
    unrecognized.check(event('message.delivered', { id: 'SM1', to: '+2' }));
    expect(warnings).toEqual([
      expect.stringMatching(
        /^Events of the type message.received have no text. Keys: type, data; in data: from, to, message. /,
      ),
      expect.stringMatching(/^Events of the type message.delivered have no messageId, no to. /),
    ]);
  });

  it('takes numbers and texts for no keys, and is not flooded', () => {
    const odd = { '+15550107003': 1, ['x'.repeat(41)]: 2, 'a b': 3 };
    unrecognized.quarantined('odd', Buffer.from(JSON.stringify(odd)));
    expect(warnings[0]).toContain('Keys: (not a name), (not a name), (not a name).');
    for (let index = 0; index < 200; index += 1) unrecognized.unhandled(event(`type-${index}`, {}));
    expect(warnings).toHaveLength(100);
  });
});
