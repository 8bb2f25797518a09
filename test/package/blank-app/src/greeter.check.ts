import assert from 'node:assert/strict';
import { test } from 'node:test';
import { signWebhook, waitForListener } from 'nestjs-postack/testing';
import { createApplication } from './create-application.js';

test('the greeter hears of a message', async (context) => {
  const application = await createApplication();
  context.after(() => application.close());
  await application.listen(0, '127.0.0.1');
  const { id, headers, body } = signWebhook({
    secret: process.env['POSTACK_WEBHOOK_SECRET'] ?? '',
    body: { type: 'message.received', data: { id: 'SM-kit', from: '+15550100001', text: 'Hello' } },
  });
  const url = `${await application.getUrl()}/api/v1/webhooks`;
  const response = await fetch(url, { method: 'POST', headers, body });
  assert.equal(response.status, 204);
  const { attempts } = await waitForListener(application, id, 'GreeterListener.greet', 'done');
  assert.equal(attempts, 1);
});
