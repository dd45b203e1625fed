import { isIP } from 'node:net';
import { z } from 'zod';

/** Prefix lengths of networks by the version of their addresses. */
const longestPrefix: Readonly<Record<number, number>> = { 4: 32, 6: 128 };

/** `TRUSTED_PROXIES`: addresses and networks of reverse proxies before the gateway, whose `X-Forwarded-For` is believed. */
export const trustedProxiesVariable = z
  .string()
  .describe('addresses or networks of the reverse proxies before the gateway, separated by commas')
  .transform((text) => text.split(',').map((entry) => entry.trim()))
  .refine((entries) => entries.every(isNetwork), 'must be addresses or networks such as 10.0.0.0/8, separated by commas');

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const longest = longestPrefix[isIP(address)];
  if (longest === undefined || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest);
}
