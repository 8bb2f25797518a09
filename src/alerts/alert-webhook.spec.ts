import { describe, expect, it } from '@jest/globals';
import { parseWebhookSecret } from '../webhook/webhook-secret.js';
import type { AlertEntity } from './alert.entity.js';
import { postAlert } from './alert-webhook.js';

describe('postAlert', () => {
  it('rejects with the reason of a failed connection, without the URL', async () => {
    const secret = parseWebhookSecret(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
    // The discard port, on which nothing listens.
    const target = { url: 'http://127.0.0.1:9/key-in-the-path', secret };
    const alert = { id: 'a', openedAt: new Date() } as AlertEntity;
    const error: unknown = await postAlert(target, alert, 'raised', new AbortController().signal).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'POSTACK_ALERT_WEBHOOK_UNREACHABLE' });
    expect(String(error)).toMatch(/did not answer \(\w+\); check that it is running/);
    expect(String(error)).not.toContain('key-in-the-path');
  });
});
