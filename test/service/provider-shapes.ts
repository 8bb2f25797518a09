import { MORE_PROVIDER_SHAPES } from './more-provider-shapes.js';
import { CUSTOMER, OWN, received, report, type ProviderShape } from './provider-shape.js';

/** Bodies as ten kinds of SMS providers send them, with a configuration file that reads them. Numbers and ids are made up. */
export const PROVIDER_SHAPES: ProviderShape[] = [
  {
    name: 'flat, with capitals, and the status as what tells the kind',
    config: `
      payload: { data: [], messageId: MessageSid, from: From, to: To, text: Body, errorCode: ErrorCode, segments: NumSegments,
        status: MessageStatus }
      eventRules:
        - { when: { SmsStatus: received }, type: message.received }
        - { when: { MessageStatus: [accepted, queued, sending] }, type: message.queued }
        - { when: { MessageStatus: sent }, type: message.sent }
        - { when: { MessageStatus: [delivered, read] }, type: message.delivered }
        - { when: { MessageStatus: undelivered }, type: message.undelivered }
        - { when: { MessageStatus: failed }, type: message.failed }
    `,
    bodies: [
      {
        body: {
          MessageSid: 'SM1',
          SmsStatus: 'received',
          From: CUSTOMER,
          To: OWN,
          Body: 'STOP',
          NumSegments: '1',
        },
        expected: received({ messageId: 'SM1', segments: 1 }),
      },
      {
        body: { MessageSid: 'SM2', MessageStatus: 'undelivered', From: OWN, To: CUSTOMER, ErrorCode: 30003 },
        expected: report('message.undelivered', {
          messageId: 'SM2',
          errorCode: '30003',
          status: 'undelivered',
        }),
      },
    ],
  },
  {
    name: 'nested twice, with lists and objects as numbers',
    config: `
      payload:
        type: data.event_type
        timestamp: data.occurred_at
        data: data.payload
        from: from.phone_number
        to: to.0.phone_number
        errorCode: errors.0.code
        segments: parts
      eventRules:
        - { when: { data.event_type: message.finalized, data.payload.to.0.status: delivered }, type: message.delivered }
        - when: { data.event_type: message.finalized, data.payload.to.0.status: [delivery_failed, sending_failed] }
          type: message.undelivered
    `,
    bodies: [
      {
        body: {
          data: {
            ...{ event_type: 'message.received', occurred_at: '2025-11-25T10:00:00.000+00:00' },
            payload: {
              ...{ id: 'a-1', direction: 'inbound', text: 'STOP', parts: 1 },
              ...{ from: { phone_number: CUSTOMER }, to: [{ phone_number: OWN }] },
            },
          },
        },
        expected: received({ messageId: 'a-1', segments: 1, occurredAt: new Date('2025-11-25T10:00:00Z') }),
      },
      {
        body: {
          data: {
            event_type: 'message.finalized',
            payload: {
              ...{ id: 'a-2', from: { phone_number: OWN }, errors: [{ code: '40300', title: 'Blocked' }] },
              to: [{ phone_number: CUSTOMER, status: 'delivery_failed' }],
            },
          },
        },
        expected: report('message.undelivered', { messageId: 'a-2', errorCode: '40300' }),
      },
    ],
  },
  {
    name: 'no type at all, a status only in reports',
    config: `
      payload: { data: [], messageId: message_uuid, errorCode: error.title, errorMessage: error.detail }
      eventRules:
        - { when: { status: submitted }, type: message.sent }
        - { when: { status: delivered }, type: message.delivered }
        - { when: { status: [undeliverable, rejected] }, type: message.undelivered }
      defaultEventType: message.received
    `,
    bodies: [
      {
        body: { message_uuid: 'u-1', from: '15550107001', to: '15550105000', text: 'STOP', channel: 'sms' },
        expected: received({ messageId: 'u-1', from: '15550107001', to: '15550105000', wireType: '' }),
      },
      {
        body: {
          ...{ message_uuid: 'u-2', from: OWN, to: CUSTOMER, status: 'rejected' },
          error: { title: '1120', detail: 'Illegal sender' },
        },
        expected: report('message.undelivered', {
          messageId: 'u-2',
          errorCode: '1120',
          errorMessage: 'Illegal sender',
        }),
      },
    ],
  },
  {
    name: 'sender and recipient the other way round in reports',
    config: `
      payload: { data: [], from: msisdn, messageId: messageId, timestamp: message-timestamp, errorCode: err-code }
      eventRules:
        - { when: { status: delivered }, type: message.delivered, payload: { from: to, to: msisdn } }
        - { when: { status: [failed, expired, rejected] }, type: message.undelivered, payload: { from: to, to: msisdn } }
      defaultEventType: message.received
    `,
    bodies: [
      {
        body: {
          ...{ msisdn: CUSTOMER, to: OWN, messageId: '0A00', text: 'STOP', type: 'text' },
          'message-timestamp': '2025-11-25 10:00:00 +0000',
        },
        expected: received({ messageId: '0A00', occurredAt: new Date('2025-11-25T10:00:00Z') }),
      },
      {
        body: { msisdn: CUSTOMER, to: OWN, messageId: '0A01', status: 'failed', 'err-code': '6' },
        expected: report('message.undelivered', { messageId: '0A01', errorCode: '6' }),
      },
    ],
  },
  {
    name: 'a list as the body',
    config: `
      payload:
        type: 0.type
        timestamp: 0.time
        data: 0.message
        to: [to.0, to]
      eventTypes:
        message-received: message.received
        message-sending: message.sent
        message-delivered: message.delivered
        message-failed: message.undelivered
      eventRules:
        - when: { 0.type: message-failed }
          type: message.undelivered
          payload: { data: [], messageId: 0.message.id, from: 0.message.from, to: 0.to, errorCode: 0.errorCode }
    `,
    bodies: [
      {
        body: [
          {
            type: 'message-received',
            time: '2025-11-25T10:00:00Z',
            message: { id: 'b-1', from: CUSTOMER, to: [OWN], text: 'STOP' },
          },
        ],
        expected: received({ messageId: 'b-1', occurredAt: new Date('2025-11-25T10:00:00Z') }),
      },
      {
        body: [
          {
            type: 'message-failed',
            to: CUSTOMER,
            errorCode: 4720,
            message: { id: 'b-2', from: OWN, to: [CUSTOMER] },
          },
        ],
        expected: report('message.undelivered', { messageId: 'b-2', errorCode: '4720' }),
      },
    ],
  },
  ...MORE_PROVIDER_SHAPES,
];
