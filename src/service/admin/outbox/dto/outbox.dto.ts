import { IsIn, IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';
import {
  HELD_REASONS,
  OUTBOX_CATEGORIES,
  OUTBOX_STATUSES,
  SENDABLE_CATEGORIES,
  type HeldReason,
  type OutboxCategory,
  type OutboxStatus,
  type SendableCategory,
} from '../../../../outbox/outbox-message.js';
import { TimedListQuery } from '../../http/list.dto.js';
import { OptionalTime } from '../../http/optional-time.js';
import { ReasonBody } from '../../http/reason.dto.js';

const oneOf = (values: readonly string[]) => ({ message: `$property must be one of ${values.join(', ')}` });
const text = (max: number) => ({ message: `$property must be a text of 1 to ${max} characters` });

/** `GET /api/v1/outbox` */
export class ListOutboxQuery extends TimedListQuery {
  @IsOptional()
  @IsIn(OUTBOX_STATUSES, oneOf(OUTBOX_STATUSES))
  status?: OutboxStatus;

  @IsOptional()
  @IsIn(HELD_REASONS, oneOf(HELD_REASONS))
  heldReason?: HeldReason;

  @IsOptional()
  @IsIn(OUTBOX_CATEGORIES, oneOf(OUTBOX_CATEGORIES))
  category?: OutboxCategory;

  @IsOptional()
  @IsString({ message: 'to must be a number (in a URL, + is %2B)' })
  to?: string;
}

/** `POST /api/v1/outbox` */
export class SendMessageBody {
  @IsString({ message: 'from must be one of your numbers, like +15550100002' })
  from!: string;

  @IsString({ message: 'to must be a number, like +15550100001' })
  to!: string;

  @IsString({ message: 'text must be a text' })
  text!: string;

  @IsIn(SENDABLE_CATEGORIES, oneOf(SENDABLE_CATEGORIES))
  category!: SendableCategory;

  @IsString(text(1000))
  @IsNotEmpty(text(1000))
  @MaxLength(1000, text(1000))
  idempotencyKey!: string;

  @OptionalTime()
  notBefore?: Date;

  @IsOptional()
  @IsString({ message: 'timeZone must be an IANA time zone, like America/New_York' })
  timeZone?: string;
}

/** `POST /api/v1/outbox/:id/release`, `…/cancel` */
export class DecisionBody extends ReasonBody {}

/** `POST /api/v1/outbox/:id/accept` */
export class AcceptBody {
  @IsString(text(200))
  @IsNotEmpty(text(200))
  @MaxLength(200, text(200))
  messageId!: string;
}
