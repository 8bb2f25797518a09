import { IsOptional } from 'class-validator';
import { MAX_REASON_LENGTH } from '../../../../errors/decision-reason.js';
import { BoundedText } from '../../validation/value.decorators.js';

/** `POST /api/v1/listeners/:name/pause` */
export class PauseListenerBody {
  @IsOptional()
  @BoundedText(MAX_REASON_LENGTH)
  reason?: string;
}
