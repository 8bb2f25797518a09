import { Get, HttpCode, NotFoundException, Param, Post, Query } from '@nestjs/common';
import type { Replay } from '../../../replays/replay-request.js';
import { Replays } from '../../../replays/replays.js';
import type { Page } from '../../../database/keyset-page.js';
import { AdminController } from '../admin-controller.decorator.js';
import { PageQuery } from '../dto/page.dto.js';

/** Replays, backfills and redrives, with their progress. */
@AdminController('replays')
export class ReplaysController {
  constructor(private readonly replays: Replays) {}

  @Get()
  list(@Query() query: PageQuery): Promise<Page<Replay>> {
    return this.replays.list(query);
  }

  @Get(':id')
  async find(@Param('id') id: string): Promise<Replay> {
    const replay = await this.replays.find(id);
    if (!replay) throw new NotFoundException(`There is no replay with the id "${id}"`);
    return replay;
  }

  @Post(':id/pause')
  @HttpCode(200)
  pause(@Param('id') id: string): Promise<Replay> {
    return this.replays.pause(id);
  }

  @Post(':id/resume')
  @HttpCode(200)
  resume(@Param('id') id: string): Promise<Replay> {
    return this.replays.resume(id);
  }

  @Post(':id/cancel')
  @HttpCode(200)
  cancel(@Param('id') id: string): Promise<Replay> {
    return this.replays.cancel(id);
  }
}
