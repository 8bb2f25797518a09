import { IsOptional, IsString } from 'class-validator';
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
import { PageSinceQuery } from '../../dto/page.dto.js';
import { OptionalTime } from '../../validation/time.decorators.js';
import { BoundedText, OneOf, Text } from '../../validation/value.decorators.js';

/** `GET /api/v1/outbox` */
export class ListOutboxQuery extends PageSinceQuery {
  @IsOptional()
  @OneOf(OUTBOX_STATUSES)
  status?: OutboxStatus;

  @IsOptional()
  @OneOf(HELD_REASONS)
  heldReason?: HeldReason;

  @IsOptional()
  @OneOf(OUTBOX_CATEGORIES)
  category?: OutboxCategory;

  @IsOptional()
  @IsString({ message: 'to must be a phone number, given once (in a URL, write + as %2B)' })
  to?: string;
}

/** `POST /api/v1/outbox` */
export class EnqueueMessageBody {
  @IsString({ message: 'from must be one of your numbers, like +15550100002' })
  from!: string;

  @IsString({ message: 'to must be a phone number, like +15550100001' })
  to!: string;

  @Text()
  text!: string;

  @OneOf(SENDABLE_CATEGORIES)
  category!: SendableCategory;

  @BoundedText(1000)
  idempotencyKey!: string;

  @OptionalTime()
  notBefore?: Date;

  @IsOptional()
  @IsString({ message: 'timeZone must be an IANA time zone, like America/New_York' })
  timeZone?: string;
}

/** `POST /api/v1/outbox/:id/accept` */
export class AcceptMessageBody {
  @BoundedText(200)
  messageId!: string;
}
