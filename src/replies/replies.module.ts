import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { OutboxModule } from '../outbox/outbox.module.js';
import { OptOutsModule } from '../opt-outs/opt-outs.module.js';
import { AutoRepliesListener } from './auto-replies.listener.js';
import { ReplyPolicies } from './reply-policies.js';
import { ReplyRules } from './rules/reply-rules.js';
import { DefaultRuleReply, RuleReplies } from './rules/rule-replies.policy.js';
import { HelpReply } from './help-reply.policy.js';

/** Automatic replies, by policies and stored rules. */
@Module({
  imports: [DiscoveryModule, OutboxModule, OptOutsModule],
  providers: [AutoRepliesListener, ReplyPolicies, ReplyRules, RuleReplies, HelpReply, DefaultRuleReply],
  exports: [ReplyRules],
})
export class RepliesModule {}
