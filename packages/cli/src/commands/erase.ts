import { open, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ErasureCertificate, Tenant } from '@tenantry/tenant-control';
import { Command } from 'commander';
import { commandLineActor } from '../actor.ts';
import { FileError, NotConfirmedError } from '../errors.ts';
import { confirm } from '../output/confirm.ts';
import { printOne, sentence } from '../output/print.ts';
import { withProgress } from '../output/progress.ts';
import type { Session } from '../session.ts';
import { certificateFile, certificateJson } from './certificate-file.ts';
import { examples } from './examples.ts';
import { findTenant, tenantArgument } from './tenant-argument.ts';

interface EraseOptions {
  readonly confirm?: string;
  readonly certificate?: string;
}

/** Of whoever runs the command, and nobody else. */
const privateFile = 0o600;

export function eraseCommand(session: Session): Command {
  return new Command('erase')
    .description('Leave nothing of a tenant, at once, but a signed certificate of what was removed')
    .argument(...tenantArgument)
    .option('--confirm <slug>', "the tenant's slug once more, where nobody can type it")
    .option('--certificate <file>', 'write the certificate to a new file, too')
    .addHelpText(
      'after',
      examples(['asks for the slug', 'erase acme --certificate acme-erased.json'], ['in a script', 'erase acme --confirm acme']),
    )
    .action(async (reference: string, { confirm: repeated, certificate: file }: EraseOptions) => {
      const tenant = await findTenant(session, reference);
      await confirmErasure(session, tenant, repeated);
      const erasing = async () => await erase(session, tenant);
      const path = file === undefined ? null : resolve(session.terminal.workingDirectory, file);
      const certificate = path === null ? await erasing() : await fillingNewFile(path, erasing, certificateFile);
      const text = `Nothing is left of ${tenant.slug} (${tenant.id}) but the certificate ${certificate.id}.`;
      printOne(session, certificateJson(certificate), () => sentence(session, text));
    });
}

async function erase(session: Session, { id, slug }: Tenant): Promise<ErasureCertificate> {
  const control = await session.control();
  const erasing = async () => await control.eraseTenant(id, commandLineActor(), { confirmSlug: slug });
  return await withProgress(session, { text: `Erasing ${slug}`, tenantId: async () => id }, erasing);
}

/** @throws {NotConfirmedError} */
async function confirmErasure(session: Session, { slug, name }: Tenant, repeated: string | undefined): Promise<void> {
  if (repeated !== undefined && repeated !== slug) {
    throw new NotConfirmedError(`The slug of that tenant is ${slug}, not ${repeated}: nothing was done.`);
  }
  const warning = `This removes the tenant ${slug} (${name}) for good, at once, with its backups and exports. There is no way back.`;
  await confirm(session, { warning, answer: slug, flag: `--confirm ${slug}`, isGiven: repeated !== undefined });
}

/**
 * Makes a file of what `work` gives. The file is made before: when there is no way back, a lack of rights is found out too late.
 *
 * @throws {FileError} when it is there, or cannot be made; then `work` is not done
 */
async function fillingNewFile<Result>(path: string, work: () => Promise<Result>, textOf: (result: Result) => string): Promise<Result> {
  const file = await open(path, 'wx', privateFile).catch((cause: unknown) => {
    throw new FileError(`The file ${path} cannot be made anew: nothing was done.`, { cause });
  });
  try {
    const result = await work();
    await file.writeFile(textOf(result));
    return result;
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}
