import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { createSignature, SignatureError, type SignatureFault, verifySignature } from './svix-signature.js';
import { parseWebhookSecret } from './webhook-secret.js';

type Headers = Record<string, string>;
type Verdict = 'accepted' | SignatureFault;

const NOW_MS = 1_700_000_000_500;
const secretOf = (key: Uint8Array) => `whsec_${Buffer.from(key).toString('base64')}`;
const KEY = Buffer.alloc(32, 1);

function ours(secret: string, headers: Headers, body: Buffer): Verdict {
  try {
    verifySignature(headers, body, [parseWebhookSecret(secret)]);
    return 'accepted';
  } catch (error) {
    if (error instanceof SignatureError) return error.fault;
    throw error;
  }
}

/** Whether a package finds it authentic. A body that is not JSON is no question of authenticity. */
function theirs(Package: typeof StandardWebhook | typeof SvixWebhook) {
  return (secret: string, headers: Headers, body: Buffer): boolean => {
    try {
      new Package(secret).verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  };
}

const svixAccepts = theirs(SvixWebhook);
const standardAccepts = theirs(StandardWebhook);

/** Headers as a sender with the packages' leniency would make them. */
function signedBySvix(id: string, timestamp: string, body: Buffer, secret = secretOf(KEY)): Headers {
  const at = new Date(parseInt(timestamp, 10) * 1000);
  const signature = new SvixWebhook(secret).sign(id, at, body);
  return { 'svix-id': id, 'svix-timestamp': timestamp, 'svix-signature': signature };
}

const sent = (headers: Headers, name: string) => headers[`svix-${name}`] ?? headers[`webhook-${name}`] ?? '';

const NOW = String(Math.floor(NOW_MS / 1000));
const NOT_UTF8 = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
const SHORT_SECRET = secretOf(KEY.subarray(0, 23));

/** Where we refuse what the packages accept. Anywhere else a disagreement is a defect, of one or the other. */
const STRICTER_ON_PURPOSE: {
  rule: string;
  reason: string;
  /** Absent: cannot come up among the generated deliveries. */
  fault?: SignatureFault;
  /** Whether it is about such a delivery; only these may then be refused with `fault`. */
  concerns?: (headers: Headers) => boolean;
  secret?: string;
  headers: Headers[];
  body?: Buffer;
}[] = [
  {
    rule: 'a timestamp is plain digits',
    reason:
      'they read it with parseInt, which ignores whatever follows, so the signed text is not the sent one',
    fault: 'malformed-timestamp',
    concerns: (headers) => !/^[1-9]\d*$/.test(sent(headers, 'timestamp')),
    headers: [`${NOW}abc`, `${NOW}.9`, `+${NOW}`, `0${NOW}`, ` ${NOW}`, `${NOW},${NOW}`].map((timestamp) =>
      signedBySvix('msg_1', timestamp, Buffer.from('{}')),
    ),
  },
  {
    rule: 'an id has at most 1,000 characters',
    reason: 'it becomes a unique key of the inbox, and Svix sends about 30',
    fault: 'malformed-id',
    concerns: (headers) => sent(headers, 'id').length > 1000,
    headers: [signedBySvix('m'.repeat(1001), NOW, Buffer.from('{}'))],
  },
  {
    rule: 'bytes that are not UTF-8 are signed as they are',
    reason: 'they replace each wrong byte by U+FFFD first, so that different bodies share a signature',
    body: NOT_UTF8,
    headers: [signedBySvix('msg_1', NOW, NOT_UTF8)],
  },
  {
    rule: 'a secret starts with whsec_',
    reason: 'without it, something else was copied: an API key, or half of the secret',
    secret: secretOf(KEY).slice('whsec_'.length),
    headers: [signedBySvix('msg_1', NOW, Buffer.from('{}'))],
  },
  {
    rule: 'a secret holds 24 to 64 bytes',
    reason: 'the Standard Webhooks specification says so, and a short one can be guessed',
    secret: SHORT_SECRET,
    headers: [signedBySvix('msg_1', NOW, Buffer.from('{}'), SHORT_SECRET)],
  },
  {
    rule: 'a secret is base64 with nothing around it',
    reason: 'their decoder leaves out a last lone character, and so verifies with a secret that was cut off',
    secret: `${secretOf(KEY.subarray(0, 30))}A`,
    headers: [signedBySvix('msg_1', NOW, Buffer.from('{}'), secretOf(KEY.subarray(0, 30)))],
  },
];

const weighted = <T>(...choices: [weight: number, arbitrary: fc.Arbitrary<T>][]) =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
const utf16 = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit));
const key = fc.uint8Array({ minLength: 24, maxLength: 64 });

const ENTRIES = {
  valid: (signature: string) => signature,
  'valid with an extra comma': (signature: string) => `${signature},v1`,
  'cut short': (signature: string) => signature.slice(0, -1),
  'longer by one': (signature: string) => `${signature}=`,
  'of an unknown version': (signature: string) => signature.replace('v1', 'v2'),
  'of an asymmetric version': (signature: string) => signature.replace('v1', 'v1a'),
  'of an upper-case version': (signature: string) => signature.replace('v1', 'V1'),
  'without version': (signature: string) => signature.slice('v1,'.length),
  'without signature': () => 'v1,',
  'without comma': (signature: string) => signature.replace(',', ''),
  'with a space inside': (signature: string) => signature.replace(',', ', '),
  'with a comma first': (signature: string) => `,${signature}`,
  'with a tab first': (signature: string) => `\t${signature}`,
  empty: () => '',
  'of somebody else': () => `v1,${KEY.toString('base64')}`,
  'in look-alike characters': (signature: string) =>
    `v1,${signature.slice(3).replace(/./gu, (character) => String.fromCharCode(0x100 + character.charCodeAt(0)))}`,
} satisfies Record<string, (signature: string) => string>;

/** Where one of the three headers stands; `decoy` is a wrong value. */
const PLACEMENTS = {
  svix: (name: string, value: string) => ({ [`svix-${name}`]: value }),
  webhook: (name: string, value: string) => ({ [`webhook-${name}`]: value }),
  both: (name: string, value: string) => ({ [`svix-${name}`]: value, [`webhook-${name}`]: value }),
  'svix, webhook wrong': (name: string, value: string) => ({
    [`svix-${name}`]: value,
    [`webhook-${name}`]: 'decoy',
  }),
  'webhook, svix wrong': (name: string, value: string) => ({
    [`svix-${name}`]: 'decoy',
    [`webhook-${name}`]: value,
  }),
  'webhook, svix empty': (name: string, value: string) => ({
    [`svix-${name}`]: '',
    [`webhook-${name}`]: value,
  }),
  nowhere: () => ({}),
} satisfies Record<string, (name: string, value: string) => Headers>;

type Placement = keyof typeof PLACEMENTS;
const anyPlacement = fc.constantFrom(...(Object.keys(PLACEMENTS) as Placement[]));
const mostlyGood = weighted<Placement>([5, fc.constantFrom('svix', 'webhook', 'both')], [1, anyPlacement]);
type Entry = keyof typeof ENTRIES;
const anyEntry = fc.constantFrom(...(Object.keys(ENTRIES) as Entry[]));

const delivery = fc
  .record({
    key,
    signingKey: weighted<Uint8Array | 'same'>([9, fc.constant('same')], [1, key]),
    id: weighted(
      [3, fc.stringMatching(/^msg_[0-9A-Za-z]{27}$/)],
      [3, fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })],
      [1, fc.string({ unit: utf16, maxLength: 40 })],
      [1, fc.string({ minLength: 250, maxLength: 260 })],
    ),
    body: fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.string({ unit: utf16 })),
    nowMs: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
    skewSeconds: weighted(
      [6, fc.integer({ min: -5, max: 5 })],
      [2, fc.constantFrom(-301, -300, -299, 299, 300, 301)],
      [1, fc.integer({ min: -1e9, max: 1e9 })],
    ),
    sentTimestamp: weighted<string | undefined>(
      [9, fc.constant(undefined)],
      [1, fc.string()],
      [1, fc.constantFrom('0', '-1', '1e9', '0x65', 'NaN', 'Infinity', '99999999999999999999', '١٧٠٠٠٠٠٠٠٠')],
    ),
    timestampSuffix: weighted([15, fc.constant('')], [1, fc.string({ maxLength: 3 })]),
    signer: fc.constantFrom('ours', 'svix', 'standardwebhooks'),
    changed: weighted([9, fc.constant('nothing')], [1, fc.constantFrom('id', 'timestamp', 'body')]),
    entries: weighted(
      [4, fc.constant<Entry[]>(['valid'])],
      [3, fc.tuple(anyEntry, fc.constant<Entry>('valid'), anyEntry)],
      [2, fc.array(anyEntry, { maxLength: 3 })],
      [1, fc.constant(null)],
    ),
    garbage: fc.string({ unit: 'binary' }),
    placements: weighted<[Placement, Placement, Placement]>(
      [2, fc.constant(['svix', 'svix', 'svix'])],
      [2, fc.constant(['webhook', 'webhook', 'webhook'])],
      [2, fc.tuple(mostlyGood, mostlyGood, mostlyGood)],
    ),
  })
  .map((drawn) => {
    const secret = secretOf(drawn.key);
    const signingSecret = drawn.signingKey === 'same' ? secret : secretOf(drawn.signingKey);
    const seconds = Math.floor(drawn.nowMs / 1000) - drawn.skewSeconds;
    const body = Buffer.from(drawn.body);
    const signature = sign(drawn.signer, signingSecret, drawn.id, seconds, body);
    const entries = drawn.entries?.map((entry) => ENTRIES[entry](signature));
    const sentSeconds = drawn.changed === 'timestamp' ? seconds + 1 : seconds;
    const values = [
      ['id', drawn.changed === 'id' ? `${drawn.id}x` : drawn.id],
      ['timestamp', `${drawn.sentTimestamp ?? String(sentSeconds)}${drawn.timestampSuffix}`],
      ['signature', entries ? entries.join(' ') : drawn.garbage],
    ] as const;
    const headers: Headers = {};
    values.forEach(([name, value], index) => {
      Object.assign(headers, PLACEMENTS[drawn.placements[index]!](name, value));
    });
    return {
      secret,
      headers,
      body: drawn.changed === 'body' ? Buffer.concat([body, Buffer.from(' ')]) : body,
      nowMs: drawn.nowMs,
    };
  });

function sign(signer: string, secret: string, id: string, seconds: number, body: Buffer): string {
  if (signer === 'ours') return createSignature(parseWebhookSecret(secret), id, seconds, body);
  const Package = signer === 'svix' ? SvixWebhook : StandardWebhook;
  return new Package(secret).sign(id, new Date(seconds * 1000), body);
}

const clock = jest.spyOn(Date, 'now');
const { stackTraceLimit } = Error;
beforeEach(() => {
  // The packages read the stack of each error that they throw, which takes longer than all the rest.
  Error.stackTraceLimit = 0;
});
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
  clock.mockReset();
});

describe('agreement with the packages svix and standardwebhooks', () => {
  it('holds for 12,000 generated deliveries, whoever signed them', () => {
    const isOnPurpose = (verdict: Verdict, headers: Headers) =>
      STRICTER_ON_PURPOSE.some(({ fault, concerns }) => fault === verdict && concerns?.(headers));
    const count = { accepted: 0, refused: 0, byStandard: 0 };
    fc.assert(
      fc.property(delivery, ({ secret, headers, body, nowMs }) => {
        clock.mockReturnValue(nowMs);
        const verdict = ours(secret, headers, body);
        const svixVerdict = svixAccepts(secret, headers, body);
        count[verdict === 'accepted' ? 'accepted' : 'refused'] += 1;
        // The other package knows only its own header names.
        if (!Object.keys(headers).some((name) => name.startsWith('svix-'))) {
          count.byStandard += 1;
          expect(standardAccepts(secret, headers, body)).toBe(svixVerdict);
        }
        if (verdict === 'accepted') expect(svixVerdict).toBe(true);
        else if (svixVerdict) expect([verdict, isOnPurpose(verdict, headers)]).toEqual([verdict, true]);
      }),
      { numRuns: 12_000 },
    );
    // Otherwise the generator has stopped telling anything.
    expect(Math.min(count.accepted, count.refused, count.byStandard)).toBeGreaterThan(2000);
  });
});

describe('stricter on purpose than the packages', () => {
  it.each(STRICTER_ON_PURPOSE)('$rule: $reason', ({ fault, secret, headers, body }) => {
    clock.mockReturnValue(NOW_MS);
    const bytes = body ?? Buffer.from('{}');
    const ourVerdict = (one: Headers) => () => ours(secret ?? secretOf(KEY), one, bytes);
    for (const one of headers) {
      expect(svixAccepts(secret ?? secretOf(KEY), one, bytes)).toBe(true);
      if (secret !== undefined) expect(ourVerdict(one)).toThrow('a webhook secret');
      else expect(ourVerdict(one)()).toBe(fault ?? 'no-matching-signature');
    }
  });

  it('accepts bytes that are not UTF-8 when they were signed as they are, which the packages do not', () => {
    clock.mockReturnValue(NOW_MS);
    const signature = createSignature(parseWebhookSecret(secretOf(KEY)), 'msg_1', Number(NOW), NOT_UTF8);
    const headers = { 'svix-id': 'msg_1', 'svix-timestamp': NOW, 'svix-signature': signature };
    expect(ours(secretOf(KEY), headers, NOT_UTF8)).toBe('accepted');
    expect(svixAccepts(secretOf(KEY), headers, NOT_UTF8)).toBe(false);
  });
});
