import { randomBytes } from 'node:crypto';
import { signWebhook, type SignWebhookOptions } from '../../src/testing/index.js';
import { TEST_SECRET } from '../support/test-application.js';
import type { Conversation } from './raw-request.js';

/** One way in which requests are malformed. */
export interface MalformedKind {
  name: string;
  /** Any of these is right. None: the connection may also be closed without a word. */
  answers: readonly number[];
  /** Whether each conversation has to be answered. */
  isAnswered: boolean;
  conversation: (number: number) => Conversation;
}

const PATH = '/api/v1/webhooks';
const OPEN = '{"type":"message.received","data":{"id":"SM1","text":"Hi"}}';

/** A request's bytes. `headers` may say anything, twice if need be. */
function request(
  headers: readonly string[],
  body: Buffer | string = '',
  line = `POST ${PATH} HTTP/1.1`,
): Buffer {
  const head = [line, 'host: localhost', ...headers].join('\r\n');
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

function signed(body: unknown, options: Partial<SignWebhookOptions> = {}) {
  const { headers, body: bytes } = signWebhook({ secret: TEST_SECRET, body, ...options });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return { lines, bytes, length: `content-length: ${bytes.length}` };
}

function signedRequest(
  body: unknown,
  options: Partial<SignWebhookOptions> = {},
  more: string[] = [],
): Buffer {
  const { lines, bytes, length } = signed(body, options);
  return request([...lines, length, ...more], bytes);
}

const fakeSignature = () => `v1,${randomBytes(32).toString('base64')}`;

/** A request with these three headers, and a body. */
function withHeaders(id: string, timestamp: string, signature: string, body = OPEN): Buffer {
  return request(
    [
      `svix-id: ${id}`,
      `svix-timestamp: ${timestamp}`,
      `svix-signature: ${signature}`,
      `content-length: ${body.length}`,
    ],
    body,
  );
}

const now = () => String(Math.floor(Date.now() / 1000));

function kind(
  name: string,
  answers: readonly number[],
  bytes: (number: number) => Buffer | string,
  conversation: Omit<Conversation, 'pieces'> = {},
): MalformedKind {
  const make = (number: number) => ({ ...conversation, pieces: [bytes(number)] });
  return { name, answers, isAnswered: answers.length > 0 && !isImpatient(conversation), conversation: make };
}

function isImpatient({ then }: Omit<Conversation, 'pieces'>): boolean {
  return then === 'hang-up' || then === 'reset' || then === 'lose-patience';
}

/** One of several, in turn. */
const inTurn =
  <Item>(...items: Item[]) =>
  (number: number): Item =>
    items[number % items.length]!;

const TIMESTAMPS = inTurn('', 'NaN', '-1', '1e9', '0x10', '99999999999999999999', '1.5', 'now', '\u00b2');
const SIGNATURES = inTurn(
  'v1',
  'v1,',
  'v1,!!!',
  ',,,,',
  `v1,${'A'.repeat(43)}`,
  `v1,${'\u00e9'.repeat(44)}`,
  'v1a,AAAA',
);

export const HEADERS: MalformedKind[] = [
  kind('no signature headers', [401], () => request([`content-length: ${OPEN.length}`], OPEN)),
  kind('only an id', [401], () => request(['svix-id: msg_1', `content-length: ${OPEN.length}`], OPEN)),
  kind('empty headers', [401], () => withHeaders('', '', '')),
  kind('a signature of somebody else', [401], () => withHeaders('msg_1', now(), fakeSignature())),
  kind('a signature that is none', [401], (number) => withHeaders('msg_1', now(), SIGNATURES(number))),
  kind('hundreds of signatures', [401], () =>
    withHeaders('msg_1', now(), Array(300).fill(fakeSignature()).join(' ')),
  ),
  kind('a timestamp that is none', [401], (number) =>
    withHeaders('msg_1', TIMESTAMPS(number), fakeSignature()),
  ),
  kind('signed an hour ago', [401], () => signedRequest(OPEN, { at: new Date(Date.now() - 3_600_000) })),
  kind('signed in an hour', [401], () => signedRequest(OPEN, { at: new Date(Date.now() + 3_600_000) })),
  kind('an endless id', [401], () => signedRequest(OPEN, { id: 'x'.repeat(5000) })),
  kind('every header twice', [401], () => {
    const { lines, bytes, length } = signed(OPEN);
    return request([...lines, ...lines, length], bytes);
  }),
  kind('a body other than the signed one', [401], () => {
    const { lines, bytes, length } = signed(OPEN);
    return request([...lines, length], Buffer.from(bytes.toString().replace('Hi', 'Ho')));
  }),
  kind('headers of 20 KB', [431], () => request([`x-big: ${'x'.repeat(20_000)}`])),
  kind('a thousand headers', [401, 431], () =>
    request(Array.from({ length: 1000 }, (_, index) => `x${index}: 1`)),
  ),
  kind('control characters in a header', [400], () => request(['svix-id: a\u0001b', 'content-length: 0'])),
  kind('a header without a colon', [400], () => request(['svix-id', 'content-length: 0'])),
  kind('no host', [400], () => `POST ${PATH} HTTP/1.1\r\ncontent-length: 0\r\n\r\n`),
  kind('two lengths', [400], () => request(['content-length: 2', 'content-length: 3'], '{}')),
  kind('a length that is none', [400], (number) =>
    request([`content-length: ${inTurn('-1', 'x', '1e3', '0x2')(number)}`], '{}'),
  ),
  kind('a length and chunks', [400], () =>
    request(['content-length: 2', 'transfer-encoding: chunked'], '0\r\n\r\n'),
  ),
  kind('an unknown expectation', [417], () => request(['expect: the unexpected', 'content-length: 0'])),
];

/** An event whose JSON is nested so deep that what recurses over it runs out of stack. */
export const DEEP_EVENT = `{"type":"message.received","data":{"id":"SM1","a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`;

export const BODIES: MalformedKind[] = [
  kind('nothing', [401], () => request(['content-length: 0'])),
  kind('nothing, signed', [204], () => signedRequest('')),
  kind('too much', [413], () => request(['content-length: 300000'], Buffer.alloc(300_000, 'x'))),
  kind('too much in chunks', [413], () =>
    request(['transfer-encoding: chunked'], `493E0\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`),
  ),
  kind('a length of terabytes', [413], () => request(['content-length: 9999999999999'], '{')),
  kind('not UTF-8, signed', [204], () => signedRequest(Buffer.from([0x7b, 0xff, 0xfe, 0x80, 0x7d]))),
  kind('not JSON, signed', [204], (number) =>
    signedRequest(inTurn('{', 'null', '[]', '"x"', '{}', '\u0000', '{"type":5}')(number)),
  ),
  kind('deep JSON, signed', [204], (number) =>
    signedRequest(inTurn('['.repeat(100_000), DEEP_EVENT)(number)),
  ),
  kind('what PostgreSQL has no text for, signed', [204], (number) =>
    signedRequest(
      inTurn(
        '{"type":"a\\u0000b"}',
        '{"type":"\\ud800"}',
        '{"type":"message.sent","data":{"id":"\\u0000","text":"\\udfff"}}',
      )(number),
    ),
  ),
  kind('times and numbers out of range, signed', [204], (number) =>
    signedRequest(
      inTurn(
        '{"type":"message.sent","timestamp":"+275760-09-13T00:00:00.000Z","data":{"id":"SM1"}}',
        '{"type":"message.sent","timestamp":"-200000-01-01T00:00:00.000Z","data":{"id":"SM2"}}',
        '{"type":"message.sent","timestamp":1e300,"data":{"id":1e300,"segments":1e300}}',
      )(number),
    ),
  ),
  kind('garbage that says it is compressed, signed', [204], (number) =>
    signedRequest(randomBytes(64), {}, [
      `content-encoding: ${inTurn('gzip', 'br', 'deflate', 'zstd', 'x')(number)}`,
    ]),
  ),
  kind('more than its length says', [401, 400], () => request(['content-length: 2'], '{}garbage'), {
    answers: 2,
  }),
  kind('less than its length says, then the end', [400], () => request(['content-length: 100'], '{'), {
    then: 'end',
  }),
  kind('a chunk of no size', [400], () => request(['transfer-encoding: chunked'], 'xyz\r\n{}\r\n0\r\n\r\n')),
  kind('a chunk longer than it says', [400], () =>
    request(['transfer-encoding: chunked'], '1\r\n{}{}\r\n0\r\n\r\n'),
  ),
  kind('chunks without end', [400], () => request(['transfer-encoding: chunked'], '2\r\n{}\r\n'), {
    then: 'end',
  }),
  kind('an endless chunk extension', [413], () =>
    request(['transfer-encoding: chunked'], `1;${'x'.repeat(20_000)}\r\n{\r\n`),
  ),
  kind('an unknown transfer encoding', [400], () => request(['transfer-encoding: snail'], '{}')),
];

const METHODS = inTurn('GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'SEARCH');
const PATHS = inTurn(
  '/%',
  '/%ff',
  '//',
  `${PATH}/%00`,
  `/api/v1/../..${PATH}`,
  `/${'x'.repeat(8000)}`,
  '/api/v1/events/%',
  '/api/v1/events?limit=%',
  '*',
  'http://elsewhere/',
  '/?__proto__[x]=1',
);
const NOT_HTTP = inTurn(
  'GET /\r\n\r\n',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'POST / HTTP/9.9\r\n\r\n',
  'FOO / HTTP/1.1\r\nhost: x\r\n\r\n',
  '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  '\u0000\u0000\u0000\u0000',
  'POST / HTTP/1.1\nhost: x\n\n\n\n',
);

export const REQUESTS: MalformedKind[] = [
  kind('a method that is not for this', [404, 405, 200, 204, 400], (number) =>
    request(['content-length: 0'], '', `${METHODS(number)} ${PATH} HTTP/1.1`),
  ),
  kind('CONNECT', [], () => request([], '', 'CONNECT localhost:22 HTTP/1.1')),
  kind('an upgrade', [401, 404], () =>
    request(['connection: upgrade', 'upgrade: websocket', 'content-length: 0']),
  ),
  kind('a path that is none', [400, 401, 404], (number) =>
    request(['content-length: 0'], '', `${METHODS(number)} ${PATHS(number)} HTTP/1.1`),
  ),
  kind('not HTTP', [400, 404, 401], NOT_HTTP, { then: 'end' }),
  kind(
    'twenty in one piece',
    [401, 204],
    () => Buffer.concat(Array(20).fill(withHeaders('msg_1', now(), fakeSignature()))),
    {
      answers: 20,
    },
  ),
  kind(
    'garbage after a whole request',
    [204, 400],
    () => Buffer.concat([signedRequest(OPEN), randomBytes(200)]),
    {
      answers: 2,
    },
  ),
];

export const CUT_OFF: MalformedKind[] = [
  kind('cut off in the headers', [], () => signedRequest(OPEN).subarray(0, 90), { then: 'hang-up' }),
  kind('cut off in the body', [], () => signedRequest(OPEN).subarray(0, -10), { then: 'hang-up' }),
  kind('reset in the body', [], () => signedRequest(OPEN).subarray(0, -10), { then: 'reset' }),
  kind('gone before the answer', [], () => signedRequest(OPEN), { then: 'reset' }),
  kind('half of much, then gone', [], () => request(['content-length: 200000'], Buffer.alloc(100_000, 'x')), {
    then: 'reset',
  }),
];

/** Wait between the pieces of those who take their time. */
const DRIP_MS = 700;

/** They keep connections for as long as the service lets them. */
export const SLOW: MalformedKind[] = [
  kind('a body that stops half way', [408], () => signedRequest(OPEN).subarray(0, -10)),
  kind('a body that never begins', [408], () => request(['content-length: 100'])),
  {
    name: 'a body that comes drop by drop',
    answers: [408],
    isAnswered: true,
    conversation: () => ({
      pieces: [request(['content-length: 100']), ...Array<string>(40).fill('x')],
      pauseMs: DRIP_MS,
    }),
  },
  {
    name: 'headers that come drop by drop',
    answers: [],
    isAnswered: false,
    conversation: () => ({
      pieces: [`POST ${PATH} HTTP/1.1\r\n`, ...Array<string>(10).fill('x: 1\r\n')],
      pauseMs: DRIP_MS,
      then: 'hang-up',
    }),
  },
  kind('headers that stop half way', [408], () => 'POST /api/v1/web', {
    then: 'lose-patience',
    patienceMs: 12_000,
  }),
  kind('nothing at all', [408], () => '', { then: 'lose-patience', patienceMs: 12_000 }),
];
