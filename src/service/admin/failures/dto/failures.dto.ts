import { IsOptional } from 'class-validator';
import {
  POSTACK_CAUSE_CLASSES,
  type PostackCauseClass,
} from '../../../../postack-api/postack-api-error-catalogue.js';
import { PageInPeriodQuery } from '../../dto/page.dto.js';
import { OptionalFlag, OptionalNumberParameter, OptionalParameter } from '../../validation/url.decorators.js';
import { OneOf } from '../../validation/value.decorators.js';

/** `GET /api/v1/failures` */
export class ListFailuresQuery extends PageInPeriodQuery {
  @IsOptional()
  @OneOf(POSTACK_CAUSE_CLASSES)
  cause?: PostackCauseClass;

  @OptionalParameter()
  code?: string;

  @OptionalNumberParameter()
  number?: string;

  @OptionalFlag()
  acknowledged?: boolean;
}
