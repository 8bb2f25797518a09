import {
  applyDecorators,
  Controller,
  UseFilters,
  UseGuards,
  UsePipes,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { ProblemDetailsFilter } from '../problem-details.filter.js';
import { AdminGuard } from './admin.guard.js';
import { validationPipe } from './validation/validation.pipe.js';

/**
 * A controller of the admin API, below the path that the module is mounted at: behind its guard, with the same validation
 * and the same error responses in the service and in any host.
 */
export function AdminController(path: string): ClassDecorator {
  return applyDecorators(
    Controller({ path, version: VERSION_NEUTRAL }),
    UseGuards(AdminGuard),
    UsePipes(validationPipe()),
    UseFilters(ProblemDetailsFilter),
  );
}
