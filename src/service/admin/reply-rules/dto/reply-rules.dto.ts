import { applyDecorators } from '@nestjs/common';
import { IsBoolean, IsIn, IsNumber, IsObject, IsOptional, IsString, ValidateIf } from 'class-validator';
import type { ActiveHours } from '../../../../replies/rules/active-hours.js';
import {
  REPLY_RULE_KINDS,
  type NewReplyRule,
  type ReplyRuleKind,
} from '../../../../replies/rules/reply-rule.js';
import { OptionalTime } from '../../http/optional-time.js';

const TEXT_MESSAGE = { message: '$property must be a text' };
const KIND_MESSAGE = { message: `kind must be one of ${REPLY_RULE_KINDS.join(', ')}` };

/** May be left out, but not be `null`. */
function IfGiven(): PropertyDecorator {
  return ValidateIf((_body, value) => value !== undefined);
}

/** A text, `null`, or left out. */
function OptionalText(): PropertyDecorator {
  return applyDecorators(IsOptional(), IsString(TEXT_MESSAGE));
}

/** What may be left out of every rule. Types only: what makes no sense is refused by `ReplyRules`. */
class ReplyRuleBody {
  @IfGiven()
  @IsBoolean({ message: 'enabled must be true or false' })
  enabled?: boolean;

  @IfGiven()
  @IsNumber({}, { message: 'priority must be a whole number from -1000 to 1000' })
  priority?: number;

  @OptionalText()
  ownNumber?: string | null;

  @OptionalText()
  pattern?: string | null;

  @IsOptional()
  @IsObject({
    message: 'activeHours must be like {"timeZone":"Europe/Paris","days":[1],"from":"08:00","to":"18:00"}',
  })
  activeHours?: ActiveHours | null;
}

/** `POST /api/v1/reply-rules` */
export class NewReplyRuleBody extends ReplyRuleBody implements NewReplyRule {
  @IsString(TEXT_MESSAGE)
  name!: string;

  @IsIn(REPLY_RULE_KINDS, KIND_MESSAGE)
  kind!: ReplyRuleKind;

  @IsString(TEXT_MESSAGE)
  template!: string;
}

/** `PATCH /api/v1/reply-rules/:id` */
export class ReplyRuleChangesBody extends ReplyRuleBody implements Partial<NewReplyRule> {
  @IfGiven()
  @IsString(TEXT_MESSAGE)
  name?: string;

  @IfGiven()
  @IsIn(REPLY_RULE_KINDS, KIND_MESSAGE)
  kind?: ReplyRuleKind;

  @IfGiven()
  @IsString(TEXT_MESSAGE)
  template?: string;
}

/** `POST /api/v1/reply-rules/test` */
export class TestReplyRulesBody {
  @IsString(TEXT_MESSAGE)
  text!: string;

  @IfGiven()
  @IsString(TEXT_MESSAGE)
  from?: string;

  @IfGiven()
  @IsString(TEXT_MESSAGE)
  to?: string;

  @OptionalTime()
  at?: Date | null;
}
