import { IsBoolean, IsNumber, IsObject, IsOptional } from 'class-validator';
import type { ActiveHours } from '../../../../replies/rules/active-hours.js';
import {
  REPLY_RULE_KINDS,
  type NewReplyRule,
  type ReplyRuleKind,
} from '../../../../replies/rules/reply-rule.js';
import { OptionalTime } from '../../validation/time.decorators.js';
import { IfGiven, OneOf, Text } from '../../validation/value.decorators.js';

/** The optional properties of every rule. Only types are checked here; `ReplyRules` checks the values. */
class ReplyRuleBody {
  @IfGiven()
  @IsBoolean({ message: 'enabled must be true or false' })
  enabled?: boolean;

  @IfGiven()
  @IsNumber({}, { message: 'priority must be a whole number from -1000 to 1000' })
  priority?: number;

  @IsOptional()
  @Text()
  ownNumber?: string | null;

  @IsOptional()
  @Text()
  pattern?: string | null;

  @IsOptional()
  @IsObject({
    message: 'activeHours must be like {"timeZone":"Europe/Paris","days":[1],"from":"08:00","to":"18:00"}',
  })
  activeHours?: ActiveHours | null;
}

/** `POST /api/v1/reply-rules` */
export class CreateReplyRuleBody extends ReplyRuleBody implements NewReplyRule {
  @Text()
  name!: string;

  @OneOf(REPLY_RULE_KINDS)
  kind!: ReplyRuleKind;

  @Text()
  template!: string;
}

/** `PATCH /api/v1/reply-rules/:id` */
export class UpdateReplyRuleBody extends ReplyRuleBody implements Partial<NewReplyRule> {
  @IfGiven()
  @Text()
  name?: string;

  @IfGiven()
  @OneOf(REPLY_RULE_KINDS)
  kind?: ReplyRuleKind;

  @IfGiven()
  @Text()
  template?: string;
}

/** `POST /api/v1/reply-rules/test` */
export class TestReplyRulesBody {
  @Text()
  text!: string;

  @IfGiven()
  @Text()
  from?: string;

  @IfGiven()
  @Text()
  to?: string;

  @OptionalTime()
  at?: Date | null;
}
