import { IsIn, IsOptional, IsString } from 'class-validator';
import { ALERT_KINDS, ALERT_STATES, type AlertKind, type AlertState } from '../../../../alerts/alert.js';
import {
  POSTACK_CAUSE_CLASSES,
  type PostackCauseClass,
} from '../../../../postack-api/postack-api-error-catalogue.js';
import { PageQuery, TimedListQuery } from '../../http/list.dto.js';
import { OptionalTime } from '../../http/optional-time.js';
import { Flag, NumberInUrl } from '../../http/url-values.js';

const oneOf = (values: readonly string[]) => ({ message: `$property must be one of ${values.join(', ')}` });
const ONCE = { message: '$property must be given once' };

/** `GET /api/v1/failures` */
export class ListFailuresQuery extends TimedListQuery {
  @IsOptional()
  @IsIn(POSTACK_CAUSE_CLASSES, oneOf(POSTACK_CAUSE_CLASSES))
  cause?: PostackCauseClass;

  @IsOptional()
  @IsString(ONCE)
  code?: string;

  @IsOptional()
  @NumberInUrl()
  @IsString(ONCE)
  number?: string;

  @OptionalTime()
  until?: Date;

  @IsOptional()
  @Flag()
  @IsIn([true, false], { message: 'acknowledged must be true or false' })
  acknowledged?: boolean;
}

/** `GET /api/v1/failures/summary` */
export class SummaryQuery {
  @OptionalTime()
  since?: Date;

  @OptionalTime()
  until?: Date;
}

/** `GET /api/v1/alerts` */
export class ListAlertsQuery extends PageQuery {
  @IsOptional()
  @IsIn(ALERT_STATES, oneOf(ALERT_STATES))
  state?: AlertState;

  @IsOptional()
  @IsIn(ALERT_KINDS, oneOf(ALERT_KINDS))
  kind?: AlertKind;
}
