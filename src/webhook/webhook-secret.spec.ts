import { describe, expect, it } from '@jest/globals';
import { Webhook as SvixWebhook } from 'svix';
import { createSignature } from './svix-signature.js';
import { parseWebhookSecret, WebhookSecretError } from './webhook-secret.js';

const secretOfBytes = (length: number) => `whsec_${Buffer.alloc(length, 0xfb).toString('base64')}`;

describe('a webhook secret', () => {
  it.each([24, 25, 26, 32, 63, 64])('may hold %i bytes', (length) => {
    const { key, fingerprint } = parseWebhookSecret(secretOfBytes(length));
    expect(key.symmetricKeySize).toBe(length);
    expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
  });

  it.each([0, 1, 23, 65, 1000])('may not hold %i bytes', (length) => {
    expect(() => parseWebhookSecret(secretOfBytes(length))).toThrow(
      `a webhook secret holds 24 to 64 bytes; this one holds ${length}`,
    );
  });

  it.each(['"', "'", '“'])('may not have a quotation mark before it: %s', (mark) => {
    expect(() => parseWebhookSecret(`${mark}${secretOfBytes(32)}${mark}`)).toThrow('begins with one');
  });

  it.each([
    ['an API key', 'sk_live_0123456789abcdef0123456789abcdef'],
    ['a secret without its prefix', Buffer.alloc(32).toString('base64')],
    ['a prefix in capitals', secretOfBytes(32).replace('whsec', 'WHSEC')],
    ['nothing', ''],
  ])('is not %s', (_what, secret) => {
    expect(() => parseWebhookSecret(secret)).toThrow('a webhook secret starts with "whsec_"');
  });

  it.each([
    ['URL-safe base64', (secret: string) => secret.replaceAll('+', '-').replaceAll('/', '_')],
    ['base64 without its padding', (secret: string) => secret.replace(/=+$/, '')],
    ['base64 with more padding', (secret: string) => `${secret}=`],
    ['base64 with white space', (secret: string) => `${secret}\n`],
    ['base64 that was cut off', (secret: string) => secret.slice(0, -3)],
    ['hexadecimal with a dash', () => 'whsec_0123-4567'],
  ])('is not %s', (_what, spoil) => {
    expect(() => parseWebhookSecret(spoil(secretOfBytes(32)))).toThrow('must be base64, with its padding');
  });

  it('with spare bits in its last character means the same key as to the package svix', () => {
    const secret = secretOfBytes(32).replace(/.=$/, 't=');
    const at = new Date(1_700_000_000_000);
    const expected = new SvixWebhook(secret).sign('msg_1', at, '{}');
    expect(createSignature(parseWebhookSecret(secret), 'msg_1', at.getTime() / 1000, Buffer.from('{}'))).toBe(
      expected,
    );
  });

  it('is never told by the error about it', () => {
    const secrets = ['sk_live_topsecret', 'whsec_topsecret', 'whsec_topsecret-!', secretOfBytes(23)];
    for (const secret of secrets) {
      const refusal = catchError(() => parseWebhookSecret(secret));
      expect(refusal).toBeInstanceOf(WebhookSecretError);
      expect(refusal).toMatchObject({ code: 'POSTACK_SECRET_INVALID', name: 'WebhookSecretError' });
      expect(String((refusal as Error).stack)).not.toMatch(/topsecret|\+\/v7/);
    }
  });

  it('is told apart from another by its fingerprint, which is not part of it', () => {
    const one = parseWebhookSecret(secretOfBytes(32));
    expect(parseWebhookSecret(secretOfBytes(33)).fingerprint).not.toBe(one.fingerprint);
    expect(parseWebhookSecret(secretOfBytes(32)).fingerprint).toBe(one.fingerprint);
    expect(one.key.export().toString('hex')).not.toContain(one.fingerprint);
  });

  it('does not print its key', () => {
    const secret = parseWebhookSecret(secretOfBytes(32));
    expect(JSON.stringify(secret)).toBe(`{"key":{},"fingerprint":"${secret.fingerprint}"}`);
  });
});

function catchError(attempt: () => unknown): unknown {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}
