import type { IncomingMessage } from 'node:http';
import { CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { rawBodyOf } from './raw-body.js';
import { SignatureError, verifySignature, type VerifiedSignature } from './svix-signature.js';
import { WebhookOptions } from './webhook.options.js';

const VERIFIED = Symbol('nestjs-postack:verified-signature');

/** A request as Express hands it on, or as Fastify wraps it. */
type GuardedRequest = IncomingMessage & { raw?: IncomingMessage; [VERIFIED]?: VerifiedSignature };

/**
 * Lets only requests pass that Postack signed, over exactly the bytes that came in. Stands before the webhook
 * controller; put it on a controller of your own (`@UseGuards(SvixSignatureGuard)`) if your application is
 * created with `rawBody: true`.
 */
@Injectable()
export class SvixSignatureGuard implements CanActivate {
  constructor(private readonly options: WebhookOptions) {}

  /** @throws {UnauthorizedException} with the `SignatureError` as its cause, when the request is not authentic. */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const { secrets, timestampToleranceMs } = this.options;
    try {
      request[VERIFIED] = verifySignature(request.headers, rawBodyOf(request), secrets, timestampToleranceMs);
      return true;
    } catch (error) {
      // The sender is not told which check failed: that would help only somebody who guesses.
      if (error instanceof SignatureError) throw new UnauthorizedException(undefined, { cause: error });
      throw error;
    }
  }
}

/** What the guard found out about a request that it let pass. */
export function verifiedSignatureOf(request: object): VerifiedSignature {
  const verified = (request as GuardedRequest)[VERIFIED];
  if (!verified) throw new Error('SvixSignatureGuard has not run for this request');
  return verified;
}
