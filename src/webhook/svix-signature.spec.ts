import { describe, expect, it } from '@jest/globals';
import {
  createSignature,
  DEFAULT_TIMESTAMP_TOLERANCE_MS,
  SignatureError,
  type SignatureFault,
  verifySignature,
} from './svix-signature.js';
import { parseWebhookSecret } from './webhook-secret.js';

const secretOf = (byte: number) => parseWebhookSecret(`whsec_${Buffer.alloc(32, byte).toString('base64')}`);
const SECRET = secretOf(1);
const BODY = Buffer.from('{"type":"message.received"}');
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const SECONDS = 1_700_000_000;
const NOW_MS = SECONDS * 1000;

type Changes = Record<string, string | undefined>;

function headers(changes: Changes = {}) {
  return {
    'svix-id': ID,
    'svix-timestamp': String(SECONDS),
    'svix-signature': createSignature(SECRET, ID, SECONDS, BODY),
    ...changes,
  };
}

interface Attempt {
  changes?: Changes;
  body?: Buffer;
  nowMs?: number;
  toleranceMs?: number;
}

function verify({ changes, body = BODY, nowMs = NOW_MS, toleranceMs = 300_000 }: Attempt = {}) {
  return verifySignature(headers(changes), body, [SECRET], toleranceMs, nowMs);
}

function faultOf(attempt: () => unknown): SignatureFault | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof SignatureError) return error.fault;
    throw error;
  }
}

describe('an authentic webhook', () => {
  it("is signed as in the Standard Webhooks specification's own example", () => {
    const secret = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const body = Buffer.from('{"test": 2432232314}');
    expect(createSignature(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, body)).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('tells its id, when it was signed, how far the clocks are apart and which secret it fits', () => {
    expect(verify({ nowMs: NOW_MS + 2999 })).toEqual({
      id: ID,
      signedAtMs: NOW_MS,
      clockSkewMs: 2000,
      secretFingerprint: SECRET.fingerprint,
    });
  });

  it('may use the header names of the Standard Webhooks specification, header by header', () => {
    const mixed = {
      'svix-id': undefined,
      'webhook-id': ID,
      'svix-signature': undefined,
      'webhook-signature': headers()['svix-signature'],
    };
    expect(verify({ changes: mixed }).id).toBe(ID);
  });

  it('may carry several signatures, of which one fits', () => {
    const others = `v1,${'A'.repeat(43)}= v1a,c29tZXRoaW5n  v2,abc garbage`;
    expect(verify({ changes: { 'svix-signature': `${others} ${headers()['svix-signature']}` } }).id).toBe(ID);
  });

  it.each([
    ['the newest', 0],
    ['the one before, while rotating', 1],
    ['the oldest', 2],
  ])('fits %s of several secrets, and the fingerprint tells which', (_which, index) => {
    const secrets = [secretOf(1), secretOf(2), secretOf(3)];
    const signature = createSignature(secrets[index]!, ID, SECONDS, BODY);
    const verified = verifySignature(
      headers({ 'svix-signature': signature }),
      BODY,
      secrets,
      undefined,
      NOW_MS,
    );
    expect(verified.secretFingerprint).toBe(secrets[index]!.fingerprint);
    expect(new Set(secrets.map(({ fingerprint }) => fingerprint)).size).toBe(3);
  });

  it('may have an id of 1,000 characters', () => {
    const id = 'm'.repeat(1000);
    const signature = createSignature(SECRET, id, SECONDS, BODY);
    expect(verify({ changes: { 'svix-id': id, 'svix-signature': signature } }).id).toBe(id);
  });

  it('may have an empty body', () => {
    const signature = createSignature(SECRET, ID, SECONDS, Buffer.alloc(0));
    expect(verify({ changes: { 'svix-signature': signature }, body: Buffer.alloc(0) }).id).toBe(ID);
  });
});

describe('a refused webhook', () => {
  it.each<[what: string, fault: SignatureFault, changes: Changes]>([
    ['no id', 'missing-header', { 'svix-id': undefined }],
    ['no timestamp', 'missing-header', { 'svix-timestamp': undefined }],
    ['no signature', 'missing-header', { 'svix-signature': undefined }],
    ['an empty id', 'missing-header', { 'svix-id': '' }],
    ['an empty timestamp', 'missing-header', { 'svix-timestamp': '' }],
    ['an empty signature', 'missing-header', { 'svix-signature': '' }],
    ['an empty id that hides another', 'missing-header', { 'svix-id': '', 'webhook-id': ID }],
    ['an id of 1,001 characters', 'malformed-id', { 'svix-id': 'm'.repeat(1001) }],
    ['a timestamp in words', 'malformed-timestamp', { 'svix-timestamp': 'now' }],
    ['a timestamp with a fraction', 'malformed-timestamp', { 'svix-timestamp': `${SECONDS}.0` }],
    ['a timestamp with a sign', 'malformed-timestamp', { 'svix-timestamp': `+${SECONDS}` }],
    ['a timestamp with a leading zero', 'malformed-timestamp', { 'svix-timestamp': `0${SECONDS}` }],
    ['a timestamp in digits of another script', 'malformed-timestamp', { 'svix-timestamp': '١٧٠٠٠٠٠٠٠٠' }],
    ['a timestamp beyond all dates', 'malformed-timestamp', { 'svix-timestamp': '9'.repeat(14) }],
    ['a timestamp of the last century', 'timestamp-too-old', { 'svix-timestamp': '0' }],
    ['a timestamp in milliseconds', 'timestamp-too-new', { 'svix-timestamp': String(NOW_MS) }],
    ['another id', 'no-matching-signature', { 'svix-id': `${ID}x` }],
    ['another timestamp', 'no-matching-signature', { 'svix-timestamp': String(SECONDS + 1) }],
    ['a wrong signature', 'no-matching-signature', { 'svix-signature': `v1,${'A'.repeat(43)}=` }],
    ['garbage for a signature', 'no-matching-signature', { 'svix-signature': ', ,, v1 v1, \t' }],
    ['only versions unknown', 'no-matching-signature', { 'svix-signature': `v2,${'A'.repeat(43)}=` }],
    ['an asymmetric signature only', 'no-matching-signature', { 'svix-signature': 'v1a,c2lnbmF0dXJl' }],
  ])('with %s is a %s', (_what, fault, changes) => {
    expect(faultOf(() => verify({ changes }))).toBe(fault);
  });

  it('has one byte more or less in its body', () => {
    expect(faultOf(() => verify({ body: Buffer.concat([BODY, Buffer.from('\n')]) }))).toBe(
      'no-matching-signature',
    );
    expect(faultOf(() => verify({ body: BODY.subarray(1) }))).toBe('no-matching-signature');
  });

  it('is signed with a secret that is not among ours', () => {
    const signature = createSignature(secretOf(9), ID, SECONDS, BODY);
    expect(faultOf(() => verify({ changes: { 'svix-signature': signature } }))).toBe('no-matching-signature');
  });

  it('throws an error with a stable code and with what is wrong', () => {
    expect(new SignatureError('timestamp-too-old')).toMatchObject({
      name: 'SignatureError',
      code: 'POSTACK_SIGNATURE_INVALID',
      fault: 'timestamp-too-old',
      message: "The webhook's signature does not verify: timestamp-too-old",
    });
  });
});

describe('the tolerance for the timestamp', () => {
  it.each<[shiftMs: number, fault: SignatureFault | undefined]>([
    [300_000, undefined],
    [300_999, undefined],
    [301_000, 'timestamp-too-old'],
    [-300_000, undefined],
    [-300_001, 'timestamp-too-new'],
    [-301_000, 'timestamp-too-new'],
  ])('of 5 minutes, with our clock %i ms ahead, gives %s', (shiftMs, fault) => {
    expect(DEFAULT_TIMESTAMP_TOLERANCE_MS).toBe(300_000);
    expect(faultOf(() => verify({ nowMs: NOW_MS + shiftMs }))).toBe(fault);
  });

  it('is an option', () => {
    expect(faultOf(() => verify({ nowMs: NOW_MS + 10_000, toleranceMs: 10_000 }))).toBeUndefined();
    expect(faultOf(() => verify({ nowMs: NOW_MS + 11_000, toleranceMs: 10_000 }))).toBe('timestamp-too-old');
    expect(faultOf(() => verify({ nowMs: NOW_MS - 11_000, toleranceMs: 10_000 }))).toBe('timestamp-too-new');
  });

  it('is checked before the signature, so that a replayed request costs no HMAC', () => {
    const changes = { 'svix-signature': 'v1,wrong' };
    expect(faultOf(() => verify({ changes, nowMs: NOW_MS + 301_000 }))).toBe('timestamp-too-old');
  });
});
