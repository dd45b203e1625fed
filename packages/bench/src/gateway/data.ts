/** What a field's parent is: in this data, everything follows from a type and an id. */
interface Entity {
  readonly id: string;
}

/** As a method, so that a field may state narrower types than these. */
interface FieldOf {
  resolve(parent: Entity, args: object): unknown;
}

export type Field = FieldOf['resolve'];

export const personCount = 1000;
export const taskCount = 5000;
const teamCount = 40;
const projectCount = 25;
const clientCount = 15;

const entity = (id: number): Entity => ({ id: String(id) });
const numberOf = ({ id }: Entity): number => Number(id);
const pick = <Value>(values: readonly Value[], index: number): Value | undefined => values[index % values.length];
const day = (index: number): string => new Date(Date.UTC(2020, 0, 1 + (index % 2000))).toISOString();

interface Slice {
  first: number;
  offset?: number;
}

function slice({ first, offset = 0 }: Slice, count: number): Entity[] {
  return Array.from({ length: first }, (_, index) => entity((offset + index) % count));
}

const titles = ['Engineer', 'Designer', 'Accountant', 'Head of Operations', 'Support Agent'];
const countries = ['CH', 'DE', 'FR', 'JP', 'US', 'BR'];
const labels = ['urgent', 'backend', 'frontend', 'customer', 'research', 'blocked'];
const sentence = 'Whoever takes this reads the notes of the last meeting first, then asks the client what has changed since. ';

/** Every field of every type that has more to it than being read off its parent. */
export const fields: Readonly<Record<string, Readonly<Record<string, Field>>>> = {
  Query: {
    person: (_, { id }: Entity) => ({ id }),
    people: (_, args: Slice) => slice(args, personCount),
    team: (_, { id }: Entity) => ({ id }),
    project: (_, { id }: Entity) => ({ id }),
    tasks: (_, args: Slice) => slice(args, taskCount),
    client: (_, { id }: Entity) => ({ id }),
    invoice: (_, { id }: Entity) => ({ id }),
  },
  Person: {
    name: (person) => `Person ${person.id}`,
    email: ({ id }) => `person-${id}@people.example`,
    title: (person) => pick(titles, numberOf(person)),
    phone: (person) => (numberOf(person) % 5 === 0 ? null : `+41 44 555 ${person.id.padStart(4, '0')}`),
    joinedAt: (person) => day(numberOf(person)),
    isActive: (person) => numberOf(person) % 7 !== 0,
    team: (person) => entity(numberOf(person) % teamCount),
    tasks: (person, { first }: Slice) => slice({ first, offset: numberOf(person) * 5 }, taskCount),
  },
  Team: {
    name: ({ id }) => `Team ${id}`,
    description: (team) => (numberOf(team) % 3 === 0 ? null : `The team “${team.id}”`),
    size: (team) => 3 + (numberOf(team) % 20),
    lead: (team) => entity((numberOf(team) * 17 + 3) % personCount),
    project: (team) => entity(numberOf(team) % projectCount),
  },
  Project: {
    name: ({ id }) => `Project ${id}`,
    status: (project) => pick(['PLANNED', 'RUNNING', 'DONE'], numberOf(project)),
    budget: (project) => numberOf(project) * 1250.5,
    client: (project) => entity(numberOf(project) % clientCount),
  },
  Task: {
    title: ({ id }) => `Task ${id} of the list that is never done`,
    description: (task) => (numberOf(task) % 9 === 0 ? null : sentence.repeat(2 + (numberOf(task) % 3))),
    labels: (task) => [pick(labels, numberOf(task)), pick(labels, numberOf(task) + 2)],
    estimate: (task) => (numberOf(task) % 4 === 0 ? null : (numberOf(task) % 32) / 4),
    priority: (task) => numberOf(task) % 5,
    createdAt: (task) => day(numberOf(task)),
    project: (task) => entity(numberOf(task) % projectCount),
    assignee: (task) => (numberOf(task) % 10 === 0 ? null : entity((numberOf(task) * 7) % personCount)),
  },
  Client: {
    name: ({ id }) => `Client ${id}`,
    country: (client) => pick(countries, numberOf(client)),
    invoice: (client) => entity(numberOf(client)),
  },
  Invoice: {
    number: ({ id }) => `2026-${id.padStart(6, '0')}`,
    total: (invoice) => 1000 + numberOf(invoice) * 99.5,
    currency: () => 'CHF',
    dueAt: (invoice) => day(numberOf(invoice)),
    isPaid: (invoice) => numberOf(invoice) % 2 === 0,
  },
};
