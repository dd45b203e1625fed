import { Prisma } from '@tenantry/prisma/control';
import { DatabaseError } from 'pg';
import { sqlState } from './sql-state.ts';

/** Whether a row was refused because another one has the same key; by the driver's error or by Prisma's. */
export function isUniqueViolation(error: unknown): boolean {
  if (error instanceof DatabaseError) return error.code === sqlState.uniqueViolation;
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
}
