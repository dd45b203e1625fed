import { DatabaseError } from 'pg';
import { sqlState } from './sql-state.ts';

/** Whether a statement was given up because a lock was not to be had within `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === sqlState.lockNotAvailable;
}
