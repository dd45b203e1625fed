import { ConflictError } from '@tenantry/service';
import { sealedPasswordFact, type RotationStep } from '../rotation-context.ts';

/** From here on the tenant signs in by the new login. What is sealed goes from the saga to the tenant, as it is sealed at this moment. */
export const switchStep: RotationStep = {
  name: 'switch',
  run: async ({ saga, input, middle }) => {
    const { oldLogin, newLogin, credentialVersion } = input;
    await saga.commit(async (tx) => {
      const switched = await tx.$executeRaw`
        WITH switched AS (
          UPDATE tenants SET login_name = ${newLogin}, sealed_password = sagas.data->>${sealedPasswordFact},
            credential_version = credential_version + 1, updated_at = now()
          FROM sagas WHERE sagas.id = ${saga.id}::uuid AND tenants.id = sagas.tenant_id
            AND login_name = ${oldLogin} AND credential_version = ${credentialVersion}
          RETURNING tenants.id)
        UPDATE sagas SET data = data - ${sealedPasswordFact} FROM switched WHERE sagas.id = ${saga.id}::uuid`;
      if (switched === 0) {
        const done = await tx.tenant.count({ where: { id: saga.tenantId, loginName: newLogin } });
        if (done === 0) throw new ConflictError(`The tenant "${input.slug}" has other credentials than the rotation began with.`);
      }
      await middle();
    });
  },
  undo: async () => {},
};
