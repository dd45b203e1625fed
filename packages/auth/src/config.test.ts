import { ConfigError, parseEnvironment, type Environment, type Mode } from '@tenantry/service';
import { describe, expect, it } from 'vitest';
import { tokenVariables, tokenVerifierConfig } from './config.ts';

const published = { JWT_JWKS_URI: 'https://id.test/jwks', JWT_ISSUER: 'https://id.test/', JWT_AUDIENCE: 'https://api.test' };
const secret = 'a-secret-that-has-at-least-32-bytes';

function configure(environment: Environment, mode: Mode) {
  return tokenVerifierConfig(parseEnvironment(tokenVariables, environment), mode);
}

function from(...uris: string[]): Environment {
  return { ...published, JWT_JWKS_URI: uris.join(','), JWT_ISSUER: uris.map((_, index) => `https://${index}.test`).join(',') };
}

function problemsOf(environment: Environment, mode: Mode): readonly string[] {
  try {
    configure(environment, mode);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('in production', () => {
  it('keys come from the issuer', () => {
    expect(configure(published, 'production')).toEqual({
      issuers: [{ issuer: 'https://id.test/', kind: 'jwks', jwksUri: 'https://id.test/jwks' }],
      audience: 'https://api.test',
      tenantClaim: 'tenant_id',
    });
  });

  it('several issuers have a key set each, in order', () => {
    const environment = { ...published, JWT_ISSUER: 'https://a.test, https://b.test', JWT_JWKS_URI: 'https://a.test/k ,https://b.test/k' };
    expect(configure(environment, 'production').issuers).toEqual([
      { issuer: 'https://a.test', kind: 'jwks', jwksUri: 'https://a.test/k' },
      { issuer: 'https://b.test', kind: 'jwks', jwksUri: 'https://b.test/k' },
    ]);
  });

  it('the claim of the tenant may have another name', () => {
    expect(configure({ ...published, JWT_TENANT_CLAIM: 'org' }, 'production')).toMatchObject({ tenantClaim: 'org' });
  });

  it('a shared secret is refused by its name, even beside a key set', () => {
    expect(problemsOf({ JWT_SECRET: secret }, 'production')).toEqual([expect.stringMatching(/^JWT_SECRET is for development only/)]);
    expect(problemsOf({ ...published, JWT_SECRET: secret }, 'production')).toEqual([
      expect.stringMatching(/^JWT_SECRET is for development only/),
      'JWT_SECRET and JWT_JWKS_URI are both set: keep one of them',
    ]);
  });

  it('keys are not fetched over plain HTTP, except from the machine itself', () => {
    expect(problemsOf(from('https://id.test/jwks', 'http://id.test/jwks'), 'production')).toEqual([
      expect.stringMatching(/^JWT_JWKS_URI must be https:\/\//),
    ]);
    expect(problemsOf(from('http://localhost:8080/jwks', 'http://127.0.0.1/jwks', 'http://[::1]/jwks'), 'production')).toEqual([]);
    expect(problemsOf(from('http://id.test/jwks'), 'development')).toEqual([]);
  });

  it('everything that is missing is named at once', () => {
    expect(problemsOf({}, 'production')).toEqual([
      "JWT_JWKS_URI is missing: the URL of the issuer's key set",
      'JWT_ISSUER is missing: the iss of accepted tokens',
      'JWT_AUDIENCE is missing: the aud of accepted tokens',
    ]);
  });
});

describe('in development', () => {
  it('a shared secret will do', () => {
    expect(configure({ JWT_SECRET: secret }, 'development')).toEqual({
      issuers: [{ issuer: 'tenantry-development', kind: 'secret', secret: Buffer.from(secret) }],
      audience: 'tenantry',
      tenantClaim: 'tenant_id',
    });
  });

  it('a shared secret has the issuer and the audience that are set', () => {
    expect(configure({ JWT_SECRET: secret, JWT_ISSUER: 'me', JWT_AUDIENCE: 'you' }, 'development')).toMatchObject({
      issuers: [{ issuer: 'me', kind: 'secret' }],
      audience: 'you',
    });
  });

  it('one of a secret and a key set is needed, not both', () => {
    expect(problemsOf({}, 'development')).toContain("JWT_JWKS_URI is missing: the URL of the issuer's key set (or set JWT_SECRET)");
    expect(problemsOf({ ...published, JWT_SECRET: secret }, 'development')).toEqual([
      'JWT_SECRET and JWT_JWKS_URI are both set: keep one of them',
    ]);
  });
});

it.each([
  [{ JWT_SECRET: 'too short' }, 'JWT_SECRET: must hold at least 32 bytes: openssl rand -base64 32'],
  [{ ...published, JWT_JWKS_URI: 'id.test/jwks' }, 'JWT_JWKS_URI: must be URLs starting with https:// or http://'],
  [{ ...published, JWT_ISSUER: 'https://a.test,' }, 'JWT_ISSUER: must not have an empty entry'],
  [{ ...published, JWT_ISSUER: 'a,a', JWT_JWKS_URI: 'https://a.test,https://b.test' }, 'JWT_ISSUER: must not name an issuer twice'],
  [{ ...published, JWT_ISSUER: 'a,b' }, 'JWT_JWKS_URI names 1 and JWT_ISSUER 2: every issuer needs its own, in the same order'],
])('%j is refused', (environment, problem) => {
  expect(problemsOf(environment, 'development')).toEqual([problem]);
});
