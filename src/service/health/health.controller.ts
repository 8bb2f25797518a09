import { Controller, Get, ServiceUnavailableException } from '@nestjs/common';
import { Readiness } from './readiness.js';

/** For load balancers and orchestrators; no key needed. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** This process is alive. */
  @Get('live')
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  /** This process can take a webhook and commit it. */
  @Get('ready')
  async ready(): Promise<{ status: 'ok' }> {
    const problem = await this.readiness.problem();
    if (problem !== undefined) throw new ServiceUnavailableException(problem);
    return { status: 'ok' };
  }
}
