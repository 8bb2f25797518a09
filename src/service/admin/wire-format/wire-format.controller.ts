import { Get, Query } from '@nestjs/common';
import { WireFormat, type WireFormatReport } from '../../../wire-format/wire-format.js';
import { AdminController } from '../admin-controller.decorator.js';
import { WireFormatQuery } from './dto/wire-format.dto.js';

/** What Postack really sends, and how it is read. */
@AdminController('wire-format')
export class WireFormatController {
  constructor(private readonly wireFormat: WireFormat) {}

  @Get()
  report(@Query() { since }: WireFormatQuery): Promise<WireFormatReport> {
    return this.wireFormat.report(since);
  }
}
