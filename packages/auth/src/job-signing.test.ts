import { randomBytes } from 'node:crypto';
import { UnauthenticatedError } from '@tenantry/service';
import * as fc from 'fast-check';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { createContextSigner, createContextVerifier } from './context-signing.ts';
import { createJobSigner, createJobVerifier, type JobContext } from './job-signing.ts';
import { tenantId } from './testing/signing-key.ts';

const key = randomBytes(32);
const signer = createJobSigner({ key });
const verifier = createJobVerifier({ key });

const requester = { issuer: 'https://id.test', subject: 'ada', requestId: 'r-1', origin: '203.0.113.7' };
const job: JobContext = { tenantId, task: 'send-digest', jobId: '42', payload: { to: 'ada' }, requester };
const soon = () => new Date(Date.now() + 60_000);

describe("a job's signed context", () => {
  it('arrives as it was signed', () => {
    expect(verifier.verify(signer.sign(job, soon()), job)).toEqual(job);
  });

  it('carries any JSON unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // What JSON itself does not keep, such as -0, is no payload.
        const payload: unknown = JSON.parse(JSON.stringify(value));
        expect(verifier.verify(signer.sign({ ...job, payload }, soon()), job).payload).toEqual(payload);
      }),
    );
  });

  it('is refused when any character of it was changed', () => {
    const token = signer.sign(job, soon());
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.stringMatching(/^[\w.-]$/), (at, character) => {
        fc.pre(token[at] !== character);
        expect(() => verifier.verify(token.slice(0, at) + character + token.slice(at + 1), job)).toThrow(UnauthenticatedError);
      }),
    );
  });

  it('is refused under another key', () => {
    const stranger = createJobSigner({ key: randomBytes(32) });
    expect(() => verifier.verify(stranger.sign(job, soon()), job)).toThrow(/invalid signature/);
  });

  it('is refused to another job, and to another task', () => {
    const token = signer.sign(job, soon());
    expect(() => verifier.verify(token, { ...job, jobId: '43' })).toThrow('The tenant context is for the job 42, not for 43.');
    expect(() => verifier.verify(token, { ...job, task: 'erase' })).toThrow(
      'The tenant context is for the task send-digest, not for erase.',
    );
  });

  it('is refused when it is too late', () => {
    expect(() => verifier.verify(signer.sign(job, new Date(Date.now() - 6000)), job)).toThrow(/jwt expired/);
  });
});

it('neither a job nor a subgraph takes the context of the other', () => {
  const contexts = createContextSigner({ key });
  const ofRequest = contexts.sign({ principal: null, tenantId, impersonated: false, origin: null }, 'jobs');
  expect(() => verifier.verify(ofRequest, job)).toThrow(UnauthenticatedError);
  expect(() => createContextVerifier({ key, audience: 'jobs' }).verify(signer.sign(job, soon()))).toThrow(UnauthenticatedError);
});

describe('what is not a signed context of a job is refused:', () => {
  const claims = { iss: 'tenantry-jobs', aud: 'jobs', job };
  const header = { alg: 'HS256', typ: 'tenantry-job+jwt' };
  const sign = (payload: object, options: jwt.SignOptions = {}) => jwt.sign(payload, key, { expiresIn: 30, header, ...options });

  it('the claims that the cases below change are good by themselves', () => {
    expect(verifier.verify(sign(claims), job)).toEqual(job);
  });

  it.each<[string, string | undefined, RegExp]>([
    ['nothing', undefined, /carries no tenant context/],
    ['an empty text', '', /carries no tenant context/],
    ['any text', 'acme', /jwt malformed/],
    ['a token of another type under the same key', sign(claims, { header: { alg: 'HS256', typ: 'JWT' } }), /another type/],
    ['one of another issuer', sign({ ...claims, iss: 'tenantry-gateway' }), /jwt issuer invalid/],
    ['one for another audience', sign({ ...claims, aud: 'users' }), /jwt audience invalid/],
    ['one for several audiences', sign({ ...claims, aud: ['users', 'jobs'] }), /malformed/],
    ['one with another hash', sign(claims, { algorithm: 'HS512', header: { alg: 'HS512' } }), /invalid algorithm/],
    ['one that never expires', jwt.sign(claims, key, { header }), /malformed/],
    ['one of no tenant', sign({ ...claims, job: { ...job, tenantId: null } }), /malformed/],
    ['one of a tenant that is no UUID', sign({ ...claims, job: { ...job, tenantId: 'acme' } }), /malformed/],
    ['one with a field too many', sign({ ...claims, job: { ...job, admin: true } }), /malformed/],
    [
      'an unsigned one',
      jwt.sign(claims, null, { algorithm: 'none', header: { ...header, alg: 'none' }, expiresIn: 30 }),
      /signature is required/,
    ],
  ])('%s', (_what, token, message) => {
    expect(() => verifier.verify(token, job)).toThrow(UnauthenticatedError);
    expect(() => verifier.verify(token, job)).toThrow(message);
  });
});

it('keys shorter than 32 bytes are refused at once', () => {
  expect(() => createJobSigner({ key: randomBytes(31) })).toThrow(RangeError);
  expect(() => createJobVerifier({ key: randomBytes(31) })).toThrow(RangeError);
});
