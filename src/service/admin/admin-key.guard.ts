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

/** Lets requests pass that carry `Authorization: Bearer <admin key>`. */
@Injectable()
export class AdminKeyGuard implements CanActivate {
  readonly #expected: Buffer;

  constructor(@Inject(SERVICE_SETTINGS) { adminKey }: ServiceSettings) {
    this.#expected = digest(adminKey);
  }

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    // Digests are of one length, so the comparison tells nothing of the key's.
    if (key !== undefined && timingSafeEqual(digest(key), this.#expected)) return true;
    throw new UnauthorizedException('Send the header "Authorization: Bearer <POSTACK_ADMIN_KEY>"');
  }
}
