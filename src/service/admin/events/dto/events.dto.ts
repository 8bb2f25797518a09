import { IsOptional } from 'class-validator';
import { EVENT_STATUSES, type EventStatus } from '../../../../dispatch/outcomes/event-status.js';
import { PageSinceQuery } from '../../dto/page.dto.js';
import { ReplayRequestBody } from '../../replays/dto/replays.dto.js';
import { OptionalParameter } from '../../validation/url.decorators.js';
import { OneOf, Text } from '../../validation/value.decorators.js';

/** `GET /api/v1/events` */
export class ListEventsQuery extends PageSinceQuery {
  @OptionalParameter()
  type?: string;

  @IsOptional()
  @OneOf(EVENT_STATUSES)
  status?: EventStatus;
}

/** `POST /api/v1/events/replay` */
export class ReplayEventsBody extends ReplayRequestBody {
  @IsOptional()
  @Text()
  listener?: string;

  @IsOptional()
  @OneOf(EVENT_STATUSES)
  status?: EventStatus;
}

/** `POST /api/v1/events/:id/replay` */
export class ReplayEventBody {
  @IsOptional()
  @Text()
  listener?: string;
}
