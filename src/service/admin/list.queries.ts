import { Transform, Type } from 'class-transformer';
import { IsDate, IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { EVENT_STATUSES, type EventStatus } from '../../dispatch/event-status.js';
import { DELIVERY_STATES, type DeliveryState } from '../../messages/delivery-state.js';

const MAX_PAGE_SIZE = 500;
const LIMIT_MESSAGE = { message: `limit must be a whole number from 1 to ${MAX_PAGE_SIZE}` };
const SINCE_MESSAGE = {
  message: 'since must be a time in ISO 8601, like 2026-01-31T08:00:00Z (in a URL, + is %2B)',
};

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** What every list takes. */
class ListQuery {
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

  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? isoTime(value) : value))
  @IsDate(SINCE_MESSAGE)
  since?: Date;
}

/** UTC, unless the text says otherwise; without a meaning, the text itself. */
function isoTime(text: string): Date | string {
  const [match, zone] = ISO_TIME.exec(text) ?? [];
  if (match === undefined) return text;
  const day = text.slice(0, 10);
  const startOfDay = new Date(day);
  // JavaScript takes February 31st for March 3rd.
  if (Number.isNaN(startOfDay.getTime()) || !startOfDay.toISOString().startsWith(day)) return text;
  return new Date(zone === undefined && text.includes('T') ? `${text}Z` : text);
}

/** `GET /api/v1/events` */
export class ListEventsQuery extends ListQuery {
  @IsOptional()
  @IsString({ message: 'type must be given once' })
  type?: string;

  @IsOptional()
  @IsIn(EVENT_STATUSES, { message: `status must be one of ${EVENT_STATUSES.join(', ')}` })
  status?: EventStatus;
}

/** `GET /api/v1/messages` */
export class ListMessagesQuery extends ListQuery {
  @IsOptional()
  @IsIn(['inbound', 'outbound'], { message: 'direction must be inbound or outbound' })
  direction?: 'inbound' | 'outbound';

  @IsOptional()
  @IsIn(DELIVERY_STATES, { message: `state must be one of ${DELIVERY_STATES.join(', ')}` })
  state?: DeliveryState;
}
