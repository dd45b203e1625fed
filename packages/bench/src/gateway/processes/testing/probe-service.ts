import { z } from 'zod';
import { defineService } from '../bench-service.ts';
import { listenOnFreePort } from '../listen.ts';

/** A service that ends in each way in which one can. */
export const probeService = defineService({
  module: import.meta.url,
  name: 'probeService',
  input: z.enum(['serves', 'fails', 'dies when asked']),
  serve: async (behaviour) => {
    if (behaviour === 'fails') throw new Error('on purpose');
    return await listenOnFreePort((_request, response) => {
      if (behaviour === 'serves') response.end(process.env['NODE_ENV']);
      else process.stderr.write('farewell', () => process.exit(3));
    });
  },
});
