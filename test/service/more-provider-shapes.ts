import { CUSTOMER, OWN, received, report, type ProviderShape } from './provider-shape.js';

/** See `PROVIDER_SHAPES`. */
export const MORE_PROVIDER_SHAPES: ProviderShape[] = [
  {
    name: 'results in a list, the state as a group',
    config: `
      payload: { data: results.0, messageId: messageId, errorCode: error.name, timestamp: [results.0.doneAt, results.0.receivedAt] }
      eventRules:
        - { when: { results.0.status.groupName: DELIVERED }, type: message.delivered }
        - { when: { results.0.status.groupName: [UNDELIVERABLE, EXPIRED, REJECTED] }, type: message.undelivered }
        - { when: { results.0.status: null }, type: message.received }
    `,
    bodies: [
      {
        body: {
          results: [
            {
              messageId: 'i-1',
              from: CUSTOMER,
              to: OWN,
              text: 'STOP',
              receivedAt: '2025-11-25T10:00:00.000+0000',
            },
          ],
        },
        expected: received({ messageId: 'i-1', occurredAt: new Date('2025-11-25T10:00:00Z') }),
      },
      {
        body: {
          results: [
            {
              ...{ messageId: 'i-2', from: OWN, to: CUSTOMER, status: { groupName: 'UNDELIVERABLE' } },
              error: { name: 'EC_ABSENT_SUBSCRIBER' },
            },
          ],
        },
        expected: report('message.undelivered', { messageId: 'i-2', errorCode: 'EC_ABSENT_SUBSCRIBER' }),
      },
    ],
  },
  {
    name: 'ids as long numbers, times in milliseconds',
    config: `
      payload: { data: [], messageId: id, from: [sender, originator], to: recipient, text: message, timestamp: time, errorCode: code }
      eventRules:
        - { when: { kind: mo }, type: message.received }
        - { when: { kind: dlr, state: [DELIVRD, ACCEPTD] }, type: message.delivered }
        - { when: { kind: dlr, state: [UNDELIV, EXPIRED, REJECTD] }, type: message.undelivered }
    `,
    bodies: [
      {
        body: `{"kind":"mo","id":1152921506151679041,"sender":"${CUSTOMER}","recipient":"${OWN}","message":"STOP","time":1764064800000}`,
        expected: received({
          messageId: '1152921506151679041',
          occurredAt: new Date('2025-11-25T10:00:00Z'),
        }),
      },
      {
        body: `{"kind":"dlr","id":1152921506151679042,"originator":"${OWN}","recipient":"${CUSTOMER}","state":"UNDELIV","code":5}`,
        expected: report('message.undelivered', { messageId: '1152921506151679042', errorCode: '5' }),
      },
    ],
  },
  {
    name: 'types of their own, a report without the sender',
    config: `
      payload: { data: [], messageId: [id, batch_id], text: body, timestamp: [received_at, at], errorCode: code }
      eventTypes: { mo_text: message.received }
      eventRules:
        - { when: { type: recipient_delivery_report_sms, status: Delivered }, type: message.delivered }
        - { when: { type: recipient_delivery_report_sms, status: [Failed, Rejected] }, type: message.undelivered }
        - { when: { type: recipient_delivery_report_sms }, type: ignored }
    `,
    bodies: [
      {
        body: {
          type: 'mo_text',
          id: 's-1',
          from: CUSTOMER,
          to: OWN,
          body: 'STOP',
          received_at: '2025-11-25T10:00:00.123456Z',
        },
        expected: received({ messageId: 's-1', occurredAt: new Date('2025-11-25T10:00:00.123Z') }),
      },
      {
        body: {
          type: 'recipient_delivery_report_sms',
          batch_id: 's-2',
          recipient: CUSTOMER,
          status: 'Failed',
          code: 407,
        },
        expected: report('message.undelivered', { messageId: 's-2', from: null, errorCode: '407' }),
      },
      {
        body: {
          type: 'recipient_delivery_report_sms',
          batch_id: 's-3',
          recipient: CUSTOMER,
          status: 'Dispatched',
        },
        expected: { type: 'unknown', isIgnored: true },
      },
    ],
  },
  {
    name: 'the event as a text in an envelope',
    config: `
      payload: { data: Message, messageId: [inboundMessageId, messageId], from: [originationNumber, originationPhoneNumber],
        to: [destinationNumber, destinationPhoneNumber], text: messageBody, segments: totalMessageParts,
        timestamp: Message.eventTimestamp }
      eventRules:
        - { when: { Message.eventType: TEXT_DELIVERED }, type: message.delivered }
        - { when: { Message.eventType: [TEXT_UNREACHABLE, TEXT_CARRIER_UNREACHABLE] }, type: message.undelivered }
        - { when: { Type: Notification, Message.eventType: null }, type: message.received }
    `,
    bodies: [
      {
        body: {
          Type: 'Notification',
          Message: JSON.stringify({
            originationNumber: CUSTOMER,
            destinationNumber: OWN,
            messageBody: 'STOP',
            inboundMessageId: 'n-1',
          }),
        },
        expected: received({ messageId: 'n-1' }),
      },
      {
        body: {
          Type: 'Notification',
          Message: JSON.stringify({
            ...{
              eventType: 'TEXT_UNREACHABLE',
              eventTimestamp: 1764064800000,
              messageId: 'n-2',
              totalMessageParts: 2,
            },
            ...{ originationPhoneNumber: OWN, destinationPhoneNumber: CUSTOMER },
          }),
        },
        expected: report('message.undelivered', {
          ...{ messageId: 'n-2', segments: 2, occurredAt: new Date('2025-11-25T10:00:00Z') },
        }),
      },
    ],
  },
  {
    name: 'codes as the status, times in RFC 2822',
    config: `
      payload: { type: event, data: sms, messageId: ref, text: content, timestamp: date, errorCode: status_code }
      eventTypes: { inbound: message.received }
      eventRules:
        - { when: { event: receipt, sms.status_code: 201 }, type: message.delivered }
        - { when: { event: receipt, sms.status_code: [300, 301, 302] }, type: message.undelivered }
    `,
    bodies: [
      {
        body: {
          event: 'inbound',
          date: 'Tue, 25 Nov 2025 10:00:00 +0000',
          sms: { ref: 'c-1', from: CUSTOMER, to: OWN, content: 'STOP' },
        },
        expected: received({ messageId: 'c-1', occurredAt: new Date('2025-11-25T10:00:00Z') }),
      },
      {
        body: { event: 'receipt', sms: { ref: 'c-2', from: OWN, to: CUSTOMER, status_code: '301' } },
        expected: report('message.undelivered', { messageId: 'c-2', errorCode: '301' }),
      },
    ],
  },
];
