import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import { SERVICE_SETTINGS, type ServiceSettings } from '../config/service.settings.js';

const digest = (text: string) => createHash('sha256').update(text).digest();

/** Requires `Authorization: Bearer <admin key>`. */
@Injectable()
export class AdminKeyGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(@Inject(SERVICE_SETTINGS) { adminKey }: ServiceSettings) {
    this.#expected = digest(adminKey);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests have a fixed length, so the comparison does not leak the length of the key.
    if (key !== undefined && timingSafeEqual(digest(key), this.#expected)) return true;
    throw new UnauthorizedException('Send the header "Authorization: Bearer <POSTACK_ADMIN_KEY>"');
  }
}
