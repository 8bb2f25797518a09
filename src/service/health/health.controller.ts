import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Readiness } from './readiness.js';

/** For load balancers and orchestrators; needs no admin key. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** This process can do its part: store webhooks, dispatch events, call listeners and record their outcomes. */
  @Get('ready')
  async ready(): Promise<{ status: 'ok' }> {
    const problem = await this.readiness.problem();
    if (problem !== undefined) throw new ServiceUnavailableException(problem);
    return { status: 'ok' };
  }
}
