import type { IncomingMessage } from 'node:http';
import { CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { keptRawBody } from './raw-body.js';
import { SignatureError, verifySignature, type VerifiedSignature } from './svix-signature.js';
import { WebhookOptions } from './webhook.options.js';

/** A request as Express passes it on, or as Fastify wraps it. */
type GuardedRequest = IncomingMessage & { raw?: IncomingMessage; rawBody?: unknown };

/** Keyed by Node's own request, which is the same object in a guard and in a handler, on Express and on Fastify. */
const verifiedSignatures = new WeakMap<IncomingMessage, VerifiedSignature>();

/**
 * Lets only requests pass that Postack signed, over exactly the bytes that were received. For controllers of your own:
 * `@UseGuards(SvixSignatureGuard)`, in an application created with `rawBody: true`. The module's own route verifies
 * with the same function and needs no guard.
 */
@Injectable()
export class SvixSignatureGuard implements CanActivate {
  constructor(private readonly options: WebhookOptions) {}

  /**
   * @throws {UnauthorizedException} with the `SignatureError` as its cause, when the request is not authentic.
   * @throws {RawBodyMissingError} when the application does not keep raw bodies.
   */
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<GuardedRequest>();
    const { routes, timestampToleranceMs } = this.options;
    const secrets = routes.flatMap((endpoint) => endpoint.secrets);
    try {
      const signature = verifySignature(request.headers, keptRawBody(request), secrets, timestampToleranceMs);
      verifiedSignatures.set(request.raw ?? request, signature);
      return true;
    } catch (error) {
      // The sender is not told which check failed: that would only help an attacker.
      if (error instanceof SignatureError) throw new UnauthorizedException(undefined, { cause: error });
      throw error;
    }
  }
}

/**
 * What `SvixSignatureGuard` verified about a request.
 *
 * @param request As a handler gets it (`@Req()`), on Express or on Fastify.
 * @throws {Error} when the guard has not run for this request.
 */
export function verifiedSignatureOf(request: object): VerifiedSignature {
  const { raw } = request as GuardedRequest;
  const signature = verifiedSignatures.get(raw ?? (request as IncomingMessage));
  if (!signature) {
    throw new Error(
      'SvixSignatureGuard has not run for this request. Put @UseGuards(SvixSignatureGuard) on its handler',
    );
  }
  return signature;
}
