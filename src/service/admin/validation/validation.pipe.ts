import { BadRequestException, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';

/** Checks what is given with a request against the classes in `list.queries.ts` and `replay.bodies.ts`; says what is wrong by name. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    // Tells the parameters that there are; the messages are all that is answered.
    validationError: { target: true, value: false },
    exceptionFactory: (errors) => new BadRequestException(messagesOf(errors)),
  });
}

function messagesOf(errors: readonly ValidationError[]): string[] {
  const messages = errors.flatMap(({ property, target, constraints = {} }) =>
    Object.entries(constraints).map(([constraint, message]) =>
      constraint === 'whitelistValidation'
        ? `unknown parameter "${property}"; known: ${parametersOf(target).join(', ')}`
        : message,
    ),
  );
  // One rule may be made of several constraints with the same message.
  return [...new Set(messages)];
}

/** The properties of a query class, by their decorators. */
function parametersOf(query: object | undefined): string[] {
  if (!query) return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(query.constructor, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))].sort();
}
