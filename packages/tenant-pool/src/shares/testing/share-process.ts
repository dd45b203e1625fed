/** `share-process.ts URL TOTAL`: a process that shares a cluster and prints each share it gets, until SIGTERM. */
import { silentLogger } from '@tenantry/service';
import { openRegister } from './open-register.ts';

const [url = '', total = ''] = process.argv.slice(2);
const register = openRegister(url, silentLogger);
let share = 0;
const joined = await register.join('standard', Number(total), (next) => {
  share = next;
  console.log(share);
});
// It holds what it may, and closes at once what it may not.
const holding = setInterval(() => joined.report(share), 10);
process.once('SIGTERM', () => {
  clearInterval(holding);
  void register[Symbol.asyncDispose]();
});
