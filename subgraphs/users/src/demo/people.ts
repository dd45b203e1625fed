import type { UserRole, UserStatus } from '@tenantry/prisma/tenant';
import { shuffle } from './shuffle.ts';

/** Somebody who works at a demo tenant. */
export interface DemoPerson {
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  /** `sub` of the person's tokens; null for who has not joined. */
  readonly subject: string | null;
  /** Of `teamNames`. */
  readonly teams: readonly string[];
  /** Whole days since the person was invited. */
  readonly daysAgo: number;
}

export const teamNames = ['Engineering', 'Design', 'Product', 'Sales', 'Support', 'Operations'] as const;

const peopleCount = 40;
const adminCount = 3;
const deactivatedCount = 2;
/** The last ones; their invitations are pending, but for the first of them, whose has expired. */
const invitedCount = 4;
const expiredInvitationDaysAgo = 45;

const givenNames = (
  'Adaeze Akira Amina Anouk Arjun Beatriz Bram Callum Carmen Chidi Dalia Daniel Elif Emeka Esra Farah Felix Freya Giulia Hana ' +
  'Hugo Ines Ivan Jamila Jonas Kaia Kenji Lars Leila Linh Mateo Mei Mila Nadia Noor Oskar Petra Priya Quentin Rafael Ravi Rosa ' +
  'Sofia Tariq Tomas Uma Viktor Wanjiru Yara Zofia'
).split(' ');

const familyNames = (
  'Abara Almeida Baptiste Bauer Bergman Castillo Chaudhry Chen Costa Dahl Demir Dubois Eriksen Farouk Ferrari Fischer Garcia ' +
  'Haddad Hansen Ito Jansen Kaya Kimani Kovacs Lefevre Lindqvist Mahmoud Marino Mensah Moreau Nakamura Nguyen Novak Nowak Okafor ' +
  'Okoye Olsen Patel Pereira Petrov Popescu Quinn Rahman Rossi Santos Schmidt Silva Takeda Tran Weber'
).split(' ');

/** The people of the demo tenant called `slug`: always the same ones for one slug, and others for another. */
export function inventPeople(slug: string): DemoPerson[] {
  const families = shuffle(familyNames, `${slug} family`);
  return shuffle(givenNames, `${slug} given`)
    .slice(0, peopleCount)
    .map((given, index) => inventPerson(slug, given, families[index] ?? given, index));
}

function inventPerson(slug: string, given: string, family: string, index: number): DemoPerson {
  const handle = `${given}.${family}`.toLowerCase();
  const status = statusAt(index);
  return {
    email: `${handle}@${slug}.example`,
    name: `${given} ${family}`,
    role: index < adminCount ? 'ADMIN' : 'MEMBER',
    status,
    subject: status === 'INVITED' ? null : `demo-${slug}-${handle}`,
    teams: shuffle(teamNames, handle).slice(0, 1 + (index % 2)),
    daysAgo: daysAgoAt(index),
  };
}

function statusAt(index: number): UserStatus {
  if (index >= peopleCount - invitedCount) return 'INVITED';
  return index >= peopleCount - invitedCount - deactivatedCount ? 'DEACTIVATED' : 'ACTIVE';
}

function daysAgoAt(index: number): number {
  const invited = index - (peopleCount - invitedCount);
  if (invited === 0) return expiredInvitationDaysAgo;
  return invited > 0 ? invitedCount - invited : 60 + (peopleCount - index) * 17;
}
