import { IsOptional } from 'class-validator';
import { PageInPeriodQuery } from '../../dto/page.dto.js';
import { ReplayRequestBody } from '../../replays/dto/replays.dto.js';
import { OptionalParameter } from '../../validation/url.decorators.js';
import { Text } from '../../validation/value.decorators.js';

/** `GET /api/v1/dead-letters` */
export class ListDeadLettersQuery extends PageInPeriodQuery {
  @OptionalParameter()
  listener?: string;

  @OptionalParameter()
  type?: string;
}

/** `POST /api/v1/dead-letters/redrive` */
export class RedriveDeadLettersBody extends ReplayRequestBody {
  @IsOptional()
  @Text()
  listener?: string;
}
