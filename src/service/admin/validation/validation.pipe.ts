import { BadRequestException, ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, type ValidationError } from 'class-validator';

/** Validates bodies and queries against the classes in `dto/`; the 400 names each invalid or unknown parameter. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    // The target is needed to list the known parameters; the response holds messages only.
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
  // Several constraints of one rule share a message.
  return [...new Set(messages)];
}

/** Properties of a DTO class that have validation decorators. */
function parametersOf(query: object | undefined): string[] {
  if (!query) return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(query.constructor, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))].sort();
}
