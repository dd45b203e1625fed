import { StartError, TenantryError, type ErrorCode } from '@tenantry/service';
import { CommanderError } from 'commander';
import { NotConfirmedError, UnreachableError } from './errors.ts';

/** What the command exits with. Those from 64 on are of sysexits.h. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  badInput: 65,
  notFound: 66,
  unreachable: 69,
  conflict: 73,
  tryLater: 75,
  notConfirmed: 77,
  configuration: 78,
} as const;

export const exitStatusHelp = `Exit status:
   0  done
   1  failed
   2  the command line is wrong
  65  a value is not acceptable
  66  what is named does not exist
  69  the control database or a cluster does not answer
  73  what is asked for contradicts what is there
  75  not now: the same may succeed later
  77  not confirmed, or not allowed
  78  the configuration is missing or wrong`;

const statusByCode: Partial<Record<ErrorCode, number>> = {
  BAD_USER_INPUT: exitStatus.badInput,
  NOT_FOUND: exitStatus.notFound,
  TENANT_NOT_FOUND: exitStatus.notFound,
  CONFLICT: exitStatus.conflict,
  FORBIDDEN: exitStatus.notConfirmed,
  TENANT_BUSY: exitStatus.tryLater,
  TENANT_MIGRATING: exitStatus.tryLater,
  TENANT_UNAVAILABLE: exitStatus.tryLater,
  TENANT_WAKING: exitStatus.tryLater,
};

export function exitStatusOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.done : exitStatus.usage;
  if (error instanceof NotConfirmedError) return exitStatus.notConfirmed;
  if (error instanceof UnreachableError) return exitStatus.unreachable;
  if (error instanceof StartError) return error.exitStatus;
  if (!(error instanceof TenantryError)) return exitStatus.failed;
  return error.retryAfterMs === undefined ? (statusByCode[error.code] ?? exitStatus.failed) : exitStatus.tryLater;
}
