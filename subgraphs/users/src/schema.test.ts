import { isEnumType } from 'graphql';
import { describe, expect, it } from 'vitest';
import type { UserErrorCode } from './errors.ts';
import subgraph from './index.ts';

/** Complete and without strangers, or it does not compile. */
const codes: Record<UserErrorCode, true> = {
  INVALID_EMAIL: true,
  INVALID_NAME: true,
  EMAIL_TAKEN: true,
  ALREADY_INVITED: true,
  USER_NOT_FOUND: true,
  USER_NOT_JOINED: true,
  LAST_OWNER: true,
  TEAM_NOT_FOUND: true,
  TEAM_NAME_TAKEN: true,
  ALREADY_MEMBER_OF_TEAM: true,
  NOT_MEMBER_OF_TEAM: true,
  INVITATION_NOT_FOUND: true,
  INVITATION_EXPIRED: true,
  INVITATION_ALREADY_ACCEPTED: true,
  EMAIL_NOT_VERIFIED: true,
  ALREADY_JOINED: true,
};

describe('the schema', () => {
  it('knows exactly the user error codes that the code raises', () => {
    const type = subgraph.schema.getType('UserErrorCode');
    const names = isEnumType(type) ? type.getValues().map(({ name }) => name) : [];
    expect(names.toSorted()).toEqual(Object.keys(codes).toSorted());
  });

  it('marks every root field as for signed-in callers', () => {
    const fields = [subgraph.schema.getQueryType(), subgraph.schema.getMutationType()].flatMap((type) =>
      Object.values(type?.getFields() ?? {}),
    );
    const own = fields.filter(({ name }) => !name.startsWith('_'));
    const open = own.filter(({ astNode }) => !astNode?.directives?.some(({ name }) => name.value === 'authenticated'));
    expect(own.length).toBeGreaterThan(15);
    expect(open.map(({ name }) => name)).toEqual([]);
  });
});
