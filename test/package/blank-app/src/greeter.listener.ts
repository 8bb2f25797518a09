import { Injectable } from '@nestjs/common';
import { MessageReceivedEvent, OnPostackEvent } from 'nestjs-postack';

@Injectable()
export class GreeterListener {
  @OnPostackEvent(MessageReceivedEvent)
  greet(event: MessageReceivedEvent): void {
    const { id, text, from } = event;
    console.log(
      `heard ${JSON.stringify({ id, text, from, isTyped: event instanceof MessageReceivedEvent })}`,
    );
  }
}
