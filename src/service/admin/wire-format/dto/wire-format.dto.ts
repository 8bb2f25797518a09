import { OptionalTime } from '../../validation/time.decorators.js';

/** `GET /api/v1/wire-format` */
export class WireFormatQuery {
  @OptionalTime()
  since?: Date;
}
