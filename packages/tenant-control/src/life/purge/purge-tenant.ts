import { IllegalTransitionError, PurgeTooEarlyError } from '../../errors.ts';
import { transitions } from '../../tenant-status.ts';
import type { Actor, Tenant } from '../../tenant.ts';
import { assertAllows } from '../locked-tenant.ts';
import { runChange } from '../run-change.ts';
import type { LifeServices } from '../services.ts';

export interface PurgeOptions {
  /** Whether to give up what is left of the days of grace. Default false. */
  readonly early?: boolean | null | undefined;
}

/**
 * Leaves nothing of a deleted tenant: database, roles, backups, jobs, name. Its id stays known as that of a tenant that was. There is no
 * way back; what fails is tried again until it succeeds. A tenant that is DELETED stays as it is.
 *
 * @throws {TenantNotFoundError} {IllegalTransitionError} {PurgeTooEarlyError} {TenantInTransitionError} {TenantChangeError}
 * {ChangeNotAnnouncedError}
 */
export async function purgeTenant(id: string, actor: Actor, { early }: PurgeOptions, services: LifeServices): Promise<Tenant> {
  return await runChange(
    { id, action: 'tenant.purge', actor },
    {
      kind: 'PURGE',
      isDone: ({ status }) => status === transitions.finishDeleting.to,
      decide: (tenant) => {
        const { slug, status: from, purgeAfter, now } = tenant;
        assertAllows(tenant, 'finishDeleting');
        const isEarly = purgeAfter === null || purgeAfter > now;
        if (isEarly && early !== true) {
          throw purgeAfter ? new PurgeTooEarlyError(slug, purgeAfter) : new IllegalTransitionError(slug, from, 'finishDeleting');
        }
        return { data: {}, detail: { from, early: isEarly }, input: {} };
      },
    },
    services,
  );
}
