/** A body, and what it is to be read as. */
export interface ShapedBody {
  body: unknown;
  expected: Record<string, unknown>;
}

/** A provider's shape. */
export interface ProviderShape {
  name: string;
  /** YAML. */
  config: string;
  bodies: ShapedBody[];
}

export const CUSTOMER = '+15550107001';
export const OWN = '+15550105000';
export const received = (more: object) => ({
  type: 'message.received',
  from: CUSTOMER,
  to: OWN,
  text: 'STOP',
  ...more,
});
export const report = (type: string, more: object) => ({ type, from: OWN, to: CUSTOMER, ...more });
