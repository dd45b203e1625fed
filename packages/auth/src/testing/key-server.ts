import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { SigningKey } from './signing-key.ts';

/** An issuer's JWKS endpoint over real HTTP, whose keys change and which fails as the test says. */
export interface KeyServer extends AsyncDisposable {
  readonly issuer: string;
  readonly jwksUri: string;
  /** What is published from now on. */
  keys: readonly Pick<SigningKey, 'jwk'>[];
  /** Answers instead of the keys, while set. */
  answer: RequestListener | null;
  /** How many requests came so far. */
  readonly requests: number;
}

export async function startKeyServer(...keys: readonly Pick<SigningKey, 'jwk'>[]): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    if (keyServer.answer) return keyServer.answer(request, response);
    response.setHeader('content-type', 'application/jwk-set+json');
    response.end(JSON.stringify({ keys: keyServer.keys.map(({ jwk }) => jwk) }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the key server has no port');
  const issuer = `http://127.0.0.1:${address.port}`;
  const keyServer: KeyServer = {
    issuer,
    jwksUri: `${issuer}/jwks`,
    keys,
    answer: null,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return keyServer;
}
