import { IsOptional } from 'class-validator';
import { ALERT_KINDS, ALERT_STATES, type AlertKind, type AlertState } from '../../../../alerts/alert.js';
import { PageQuery } from '../../dto/page.dto.js';
import { OneOf } from '../../validation/value.decorators.js';

/** `GET /api/v1/alerts` */
export class ListAlertsQuery extends PageQuery {
  @IsOptional()
  @OneOf(ALERT_STATES)
  state?: AlertState;

  @IsOptional()
  @OneOf(ALERT_KINDS)
  kind?: AlertKind;
}
