import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';

/** Injection token of the guard that the module is mounted with. */
export const ADMIN_GUARD = Symbol('nestjs-postack:admin-guard');

/** Asks the guard that the module is mounted with. */
@Injectable()
export class AdminGuard implements CanActivate {
  constructor(@Inject(ADMIN_GUARD) private readonly guard: CanActivate) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    return this.guard.canActivate(context);
  }
}
