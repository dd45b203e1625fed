import { seededRandom, type Random } from '../../random.ts';

const personFields = ['name', 'email', 'title', 'phone', 'joinedAt', 'isActive'];
const teamFields = ['name', 'description', 'size'];
const projectFields = ['name', 'status', 'budget'];
const clientFields = ['name', 'country'];
const taskFields = ['title', 'description', 'labels', 'estimate', 'priority', 'createdAt'];
const invoiceFields = ['number', 'total', 'currency', 'dueAt', 'isPaid'];

/** Operations about a person, all different, and the same in every run. */
export function distinctOperations(count: number): string[] {
  const random = seededRandom(count);
  const bodies = new Set<string>();
  while (bodies.size < count) bodies.add(`{ person(id: $id) { id ${some(personFields, random)}${branches(random)} } }`);
  return [...bodies].map((body, index) => `query Operation${index}($id: ID!) ${body}`);
}

function branches(random: Random): string {
  const tasks = ` tasks(first: ${1 + Math.floor(random() * 5)}) { id ${some(taskFields, random)} }`;
  return (random() < 0.4 ? tasks : '') + (random() < 0.8 ? team(random) : '');
}

function team(random: Random): string {
  const lead = ` lead { ${some(personFields, random)} }`;
  return ` team { id ${some(teamFields, random)}${random() < 0.4 ? lead : ''}${random() < 0.5 ? project(random) : ''} }`;
}

function project(random: Random): string {
  const invoice = ` invoice { ${some(invoiceFields, random)} }`;
  const client = ` client { ${some(clientFields, random)}${random() < 0.5 ? invoice : ''} }`;
  return ` project { ${some(projectFields, random)}${random() < 0.5 ? client : ''} }`;
}

/** At least one of them. */
function some(names: readonly string[], random: Random): string {
  const chosen = names.filter(() => random() < 0.5);
  return (chosen.length > 0 ? chosen : names.slice(0, 1)).join(' ');
}
