import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { EVENT_STATUSES, type EventStatus } from '../../../dispatch/outcomes/event-status.js';
import { OptionalTime } from './optional-time.js';
import { DELIVERY_STATES, type DeliveryState } from '../../../messages/delivery-state.js';

const MAX_PAGE_SIZE = 500;
const LIMIT_MESSAGE = { message: `limit must be a whole number from 1 to ${MAX_PAGE_SIZE}` };

/** What every list takes: all of `GET /api/v1/replays`. */
export class PageQuery {
  /** Page size. */
  @IsOptional()
  @Type(() => Number)
  @IsInt(LIMIT_MESSAGE)
  @Min(1, LIMIT_MESSAGE)
  @Max(MAX_PAGE_SIZE, LIMIT_MESSAGE)
  limit?: number;

  /** `nextCursor` of the page before. */
  @IsOptional()
  @IsString({ message: 'cursor must be given once' })
  @MaxLength(1000, { message: 'cursor must be the "nextCursor" of the page before, unchanged' })
  cursor?: string;
}

/** What every list of things with a time takes. */
export class TimedListQuery extends PageQuery {
  @OptionalTime()
  since?: Date;
}

/** `GET /api/v1/events` */
export class ListEventsQuery extends TimedListQuery {
  @IsOptional()
  @IsString({ message: 'type must be given once' })
  type?: string;

  @IsOptional()
  @IsIn(EVENT_STATUSES, { message: `status must be one of ${EVENT_STATUSES.join(', ')}` })
  status?: EventStatus;
}

/** `GET /api/v1/messages` */
export class ListMessagesQuery extends TimedListQuery {
  @IsOptional()
  @IsIn(['inbound', 'outbound'], { message: 'direction must be inbound or outbound' })
  direction?: 'inbound' | 'outbound';

  @IsOptional()
  @IsIn(DELIVERY_STATES, { message: `state must be one of ${DELIVERY_STATES.join(', ')}` })
  state?: DeliveryState;
}

/** `GET /api/v1/dead-letters` */
export class ListDeadLettersQuery extends TimedListQuery {
  @IsOptional()
  @IsString({ message: 'listener must be given once' })
  listener?: string;

  @IsOptional()
  @IsString({ message: 'type must be given once' })
  type?: string;

  @OptionalTime()
  until?: Date;
}
