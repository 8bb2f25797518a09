import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertWatch } from '../../src/alerts/alert-watch.js';
import { Alerts } from '../../src/alerts/alerts.js';
import { UndecidedEvents } from '../../src/index.js';
import { waitForEvent } from '../../src/testing/index.js';
import { messageBody, startTestApplication, type TestApplication } from '../support/test-application.js';

describe('the alert unrecognized-events', () => {
  let app: TestApplication;

  beforeAll(async () => {
    app = await startTestApplication({ options: { payload: { data: ['results.0', 'data'] } } });
  });
  afterAll(() => app.close());

  /** The open alerts, by their keys, after the next check. */
  async function alerts(): Promise<Record<string, string>> {
    await app.application.get(AlertWatch, { strict: false }).run();
    const { items } = await app.application.get(Alerts).list({ state: 'open', kind: 'unrecognized-events' });
    return Object.fromEntries(
      items.map(({ key, summary, occurrences }) => [key, `${occurrences}: ${summary}`]),
    );
  }
  const post = async (body: unknown) => {
    const { id } = await app.post(body);
    await waitForEvent(app.application, id, ({ status }) => status !== 'pending');
  };

  it('is not raised for what is read completely', async () => {
    await post(messageBody('message.received'));
    expect(await alerts()).toEqual({});
  });

  it('is raised for what is quarantined or of an unknown type, until that is decided', async () => {
    await post('no event');
    const once = {
      undecided: expect.stringMatching(/^1: 1 events are quarantined and 0 .*npm run wire-format/),
    };
    expect(await alerts()).toEqual(once);
    expect(await alerts()).toEqual(once);
    await post({ type: 'number.ported' });
    expect(await alerts()).toEqual({
      undecided: expect.stringMatching(/^2: 1 events are quarantined and 1 /),
    });
    await app.application.get(UndecidedEvents).discard({ reason: 'a test' });
    expect(await alerts()).toEqual({});
  });

  it('is raised while most messages have no number or text, and not for an occasional picture', async () => {
    await post(messageBody('message.received', { text: null }));
    await post(messageBody('message.received'));
    await post(messageBody('message.received'));
    expect(await alerts()).toEqual({});
    for (let index = 0; index < 3; index += 1) await post(messageBody('message.delivered', { to: null }));
    expect(await alerts()).toEqual({
      incomplete: expect.stringMatching(/^1: Events of the type message.delivered have no to\. See what/),
    });
    for (let index = 0; index < 4; index += 1) await post(messageBody('message.delivered'));
    expect(await alerts()).toEqual({});
  });

  it('is raised when bodies have several events, of which only the first is read', async () => {
    const one = messageBody('message.sent').data;
    await post({ type: 'message.sent', results: [one, { ...one, id: 'another' }] });
    expect(await alerts()).toEqual({ incomplete: expect.stringContaining('in lists of several') });
  });
});
