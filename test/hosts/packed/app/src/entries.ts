// Every entry of the package, to be compiled in every way of finding declarations.
import {
  MessageReceivedEvent,
  OnPostackEvent,
  PostackModule,
  postackEntities,
  postackMigrations,
} from 'nestjs-postack';
import { PostackClient } from 'nestjs-postack/api';
import { FailureQueries } from 'nestjs-postack/failures';
import { ReplyRules } from 'nestjs-postack/replies';
import { Reports } from 'nestjs-postack/reports';
import { LocalPostack } from 'nestjs-postack/simulator';
import { signWebhook } from 'nestjs-postack/testing';

export class Listener {
  @OnPostackEvent(MessageReceivedEvent)
  textOf(event: MessageReceivedEvent): string | null {
    return event.text;
  }
}

export const entries: unknown[] = [PostackModule, postackEntities, postackMigrations, PostackClient];
entries.push(FailureQueries, ReplyRules, Reports, LocalPostack, signWebhook);
console.log(entries.map((entry) => typeof entry).join(' '));
