import { MessageReceivedEvent, OnPostackEvent } from 'nestjs-postack';

export class Greeter {
  @OnPostackEvent(MessageReceivedEvent)
  async greet(event: MessageReceivedEvent): Promise<void> {
    if (event.text === 'HOURS') await event.reply('9 to 5');
  }
}
