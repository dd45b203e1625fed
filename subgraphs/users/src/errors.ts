import { TenantryError } from '@tenantry/service';

/** Every `UserError.code` of the schema. */
export type UserErrorCode =
  | 'INVALID_EMAIL'
  | 'INVALID_NAME'
  | 'EMAIL_TAKEN'
  | 'ALREADY_INVITED'
  | 'USER_NOT_FOUND'
  | 'USER_NOT_JOINED'
  | 'LAST_OWNER'
  | 'TEAM_NOT_FOUND'
  | 'TEAM_NAME_TAKEN'
  | 'ALREADY_MEMBER_OF_TEAM'
  | 'NOT_MEMBER_OF_TEAM'
  | 'INVITATION_NOT_FOUND'
  | 'INVITATION_EXPIRED'
  | 'INVITATION_ALREADY_ACCEPTED'
  | 'EMAIL_NOT_VERIFIED'
  | 'ALREADY_JOINED';

/** Something that the caller of a mutation can put right. */
export interface UserError {
  readonly code: UserErrorCode;
  /** Name of the input field at fault, if it is one. */
  readonly field: string | null;
  readonly message: string;
}

/** Raised when a rule of the domain forbids a mutation, in a way that its caller can act on: it becomes the payload's `userErrors`. */
export class RefusedError extends TenantryError {
  readonly code = 'CONFLICT';
  readonly userErrors: readonly UserError[];

  constructor(...userErrors: readonly UserError[]) {
    super(userErrors.map(({ message }) => message).join(' '));
    this.userErrors = userErrors;
  }
}

export function refuse(code: UserErrorCode, message: string, field: string | null = null): never {
  throw new RefusedError({ code, field, message });
}
