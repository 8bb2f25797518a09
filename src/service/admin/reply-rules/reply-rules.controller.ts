import { Body, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { ReplyRuleNotFoundError } from '../../../replies/rules/reply-rule-errors.js';
import type { ReplyRuleEntity } from '../../../replies/rules/reply-rule.entity.js';
import { ReplyRules, type RuleExplanation } from '../../../replies/rules/reply-rules.js';
import { AdminController } from '../admin-controller.decorator.js';
import { CreateReplyRuleBody, TestReplyRulesBody, UpdateReplyRuleBody } from './dto/reply-rules.dto.js';

/** Rules for automatic replies to customers. */
@AdminController('reply-rules')
export class ReplyRulesController {
  constructor(private readonly rules: ReplyRules) {}

  @Get()
  async list(): Promise<{ items: ReplyRuleEntity[] }> {
    return { items: await this.rules.list() };
  }

  @Post()
  create(@Body() body: CreateReplyRuleBody): Promise<ReplyRuleEntity> {
    return this.rules.create(body);
  }

  /** Dry run: which rule would answer a message. Sends nothing, and does not call the application's own policies. */
  @Post('test')
  @HttpCode(200)
  test(@Body() { from = '', to = '', text, at }: TestReplyRulesBody): Promise<RuleExplanation> {
    return this.rules.explain({ from, to, text, at: at ?? undefined });
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<ReplyRuleEntity> {
    const rule = await this.rules.find(id);
    if (!rule) throw new ReplyRuleNotFoundError(id);
    return rule;
  }

  @Patch(':id')
  update(@Param('id') id: string, @Body() body: UpdateReplyRuleBody): Promise<ReplyRuleEntity> {
    return this.rules.update(id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(@Param('id') id: string): Promise<void> {
    await this.rules.remove(id);
  }
}
