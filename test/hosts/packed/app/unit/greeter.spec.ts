import { expect, test } from '@jest/globals';
import { MessageReceivedEvent } from 'nestjs-postack';
import { recordReplies, testContext, testEvent } from 'nestjs-postack/testing';
import { Greeter } from './greeter';

test('the greeter tells the hours', async () => {
  const event = testEvent(MessageReceivedEvent, { text: 'HOURS' });
  const replies = await recordReplies(() => new Greeter().greet(event));
  expect(replies).toEqual([expect.objectContaining({ text: '9 to 5', to: event.from })]);
  expect(testContext().attempt).toBe(1);
});
