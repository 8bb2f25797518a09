import { IsBoolean, IsOptional } from 'class-validator';
import { EVENT_STATUSES, type EventStatus } from '../../../../dispatch/outcomes/event-status.js';
import { UNDECIDED_STATUSES, type UndecidedStatus } from '../../../../dispatch/outcomes/undecided-events.js';
import { MAX_REASON_LENGTH } from '../../../../errors/decision-reason.js';
import { PageSinceQuery } from '../../dto/page.dto.js';
import { Period } from '../../dto/period.dto.js';
import { ReplayRequestBody } from '../../replays/dto/replays.dto.js';
import { OptionalParameter } from '../../validation/url.decorators.js';
import { BoundedText, OneOf, Text, Texts } from '../../validation/value.decorators.js';

/** `GET /api/v1/events` */
export class ListEventsQuery extends PageSinceQuery {
  @OptionalParameter()
  type?: string;

  @OptionalParameter()
  endpoint?: string;

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

/** `POST /api/v1/events/reinterpret` */
export class ReinterpretEventsBody extends ReplayRequestBody {
  @IsOptional()
  @OneOf(EVENT_STATUSES)
  status?: EventStatus;

  @IsOptional()
  @Texts()
  listeners?: string[];

  @IsOptional()
  @IsBoolean({ message: 'answerOld must be true or false' })
  answerOld?: boolean;
}

/** `POST /api/v1/events/discard` */
export class DiscardEventsBody extends Period {
  @IsOptional()
  @OneOf(UNDECIDED_STATUSES)
  status?: UndecidedStatus;

  @IsOptional()
  @Text()
  type?: string;

  @IsOptional()
  @Text()
  endpoint?: string;

  @IsOptional()
  @IsBoolean({ message: 'dryRun must be true or false' })
  dryRun?: boolean;

  @BoundedText(MAX_REASON_LENGTH)
  reason!: string;
}

/** `POST /api/v1/events/:id/replay` */
export class ReplayEventBody {
  @IsOptional()
  @Text()
  listener?: string;
}
