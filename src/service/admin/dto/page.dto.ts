import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { OptionalTime } from '../validation/time.decorators.js';

const MAX_PAGE_SIZE = 500;
const LIMIT_MESSAGE = { message: `limit must be a whole number from 1 to ${MAX_PAGE_SIZE}` };

/** Parameters of every list. */
export class PageQuery {
  /** Page size. */
  @IsOptional()
  @Type(() => Number)
  @IsInt(LIMIT_MESSAGE)
  @Min(1, LIMIT_MESSAGE)
  @Max(MAX_PAGE_SIZE, LIMIT_MESSAGE)
  limit?: number;

  /** `nextCursor` of the previous page. */
  @IsOptional()
  @IsString({ message: 'cursor must be given once' })
  @MaxLength(1000, { message: 'cursor must be the "nextCursor" of the previous page, unchanged' })
  cursor?: string;
}

/** Parameters of lists in order of time. */
export class PageSinceQuery extends PageQuery {
  @OptionalTime()
  since?: Date;
}

/** Parameters of lists that can be limited to a period. */
export class PageInPeriodQuery extends PageSinceQuery {
  @OptionalTime()
  until?: Date;
}
