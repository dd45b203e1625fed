import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { expect, test } from 'vitest';
import { TenantBreakers } from '../breaker/tenant-breakers.ts';
import { madeUpAdapter } from '../handles/made-up-adapter.ts';
import { tenantAdapter } from './tenant-adapter.ts';
import { TenantGate } from './tenant-gate.ts';

const bare = madeUpAdapter({ columnNames: [], columnTypes: [], rows: [] });
const gate = new TenantGate({
  tenantId: 'tenant',
  breakers: new TenantBreakers({ onChange: () => {} }),
  acquire: () => () => {},
  isClosing: () => false,
  events: { onConnectionWait: () => {} },
});

test('a transaction has the savepoints that the driver’s has, and says so', async () => {
  const named: string[] = [];
  const withSavepoints: SqlDriverAdapter = {
    ...bare,
    startTransaction: async () => ({
      ...(await bare.startTransaction()),
      createSavepoint: async (name) => void named.push(name),
      rollbackToSavepoint: async (name) => void named.push(name),
    }),
  };
  const statements: string[] = [];
  const adapter = tenantAdapter({ adapter: withSavepoints, gate, onStatement: (sql) => statements.push(sql) });
  const transaction = await adapter.startTransaction();
  await transaction.createSavepoint?.('one');
  await transaction.rollbackToSavepoint?.('one');
  expect(named).toEqual(['one', 'one']);
  expect(statements).toEqual(['BEGIN', 'SAVEPOINT one', 'ROLLBACK TO SAVEPOINT one']);
  expect(transaction).not.toHaveProperty('releaseSavepoint');
});
