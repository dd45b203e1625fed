import { recordImpersonation } from '../impersonation.ts';
import { Subscription, type ResultSource, type SubscriptionOptions } from './subscription.ts';

/**
 * Lets in a subscription and begins it: as one of so many, while its tenant is served and its token good, and on record where an operator
 * acts in a tenant.
 *
 * @param ending aborted with the reason when one of these is over
 * @throws as {@link Subscriptions.admit} and {@link Subscription.open}
 */
export async function admitSubscription(options: Omit<SubscriptionOptions, 'signal'>, ending: AbortController): Promise<ResultSource> {
  const { services, tenantContext } = options;
  const { signal } = ending;
  using admission = new DisposableStack();
  admission.use(await services.subscriptions.admit(tenantContext, (reason) => ending.abort(reason)));
  await recordImpersonation(services.catalog, options);
  signal.throwIfAborted();
  const subscription = admission.use(await Subscription.open({ ...options, signal }));
  const admitted = admission.move();
  return { next: async () => await subscription.next(), [Symbol.dispose]: () => admitted.dispose() };
}
