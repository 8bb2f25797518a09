import { Controller, Get, Query, UseGuards } from '@nestjs/common';
import { WireFormat, type WireFormatReport } from '../../../wire-format/wire-format.js';
import { AdminKeyGuard } from '../admin-key.guard.js';
import { WireFormatQuery } from './dto/wire-format.dto.js';

/** What Postack really sends, and how it is read. */
@Controller('api/v1/wire-format')
@UseGuards(AdminKeyGuard)
export class WireFormatController {
  constructor(private readonly wireFormat: WireFormat) {}

  @Get()
  report(@Query() { since }: WireFormatQuery): Promise<WireFormatReport> {
    return this.wireFormat.report(since);
  }
}
