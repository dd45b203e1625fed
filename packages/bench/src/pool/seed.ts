/** How many rows of each kind a tenant has. */
export const rowCounts = { users: 40, teams: 4, projects: 8, tasks: 80, customers: 12, invoices: 24, products: 6 };

/** The id of the n-th row of a table, n from 0; the same in every table and tenant. */
export function rowId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

const id = (n: string) => `('00000000-0000-4000-8000-' || lpad(to_hex(${n}), 12, '0'))::uuid`;
const rows = (count: number) => `FROM generate_series(0, ${count - 1}) AS n`;
const { users, teams, projects, tasks, customers, invoices, products } = rowCounts;

/** Fill a tenant's database, whose tables are empty. */
export const seedStatements: readonly string[] = [
  `INSERT INTO users (id, email, name, role, status, updated_at)
     SELECT ${id('n')}, 'user-' || n || '@example.com', 'User ' || n, 'MEMBER', 'ACTIVE', now() ${rows(users)}`,
  `INSERT INTO teams (id, name, updated_at) SELECT ${id('n')}, 'Team ' || n, now() ${rows(teams)}`,
  `INSERT INTO team_members (team_id, user_id) SELECT ${id(`n % ${teams}`)}, ${id('n')} ${rows(users)}`,
  `INSERT INTO tenant_settings (id, updated_at) VALUES (1, now()) ON CONFLICT DO NOTHING`,
  `INSERT INTO customers (id, name, country) SELECT ${id('n')}, 'Customer ' || n, 'DE' ${rows(customers)}`,
  `INSERT INTO contacts (id, customer_id, name, email, is_primary)
     SELECT ${id('n')}, ${id(`n % ${customers}`)}, 'Contact ' || n, 'contact-' || n || '@example.com', n < ${customers} ${rows(customers * 2)}`,
  `INSERT INTO projects (id, key, name, owner_id, team_id, customer_id, updated_at)
     SELECT ${id('n')}, 'P' || n, 'Project ' || n, ${id('n')}, ${id(`n % ${teams}`)}, ${id('n')}, now() ${rows(projects)}`,
  `INSERT INTO project_members (project_id, user_id) SELECT ${id(`n % ${projects}`)}, ${id('n')} ${rows(users)}`,
  `INSERT INTO labels (id, project_id, name) SELECT ${id('n')}, ${id(`n % ${projects}`)}, 'Label ' || n ${rows(projects * 3)}`,
  `INSERT INTO tasks (id, project_id, assignee_id, title, body, updated_at)
     SELECT ${id('n')}, ${id(`n % ${projects}`)}, ${id(`n % ${users}`)}, 'Task ' || n, repeat('Something to do. ', 8), now() ${rows(tasks)}`,
  `INSERT INTO task_labels (task_id, label_id) SELECT ${id('n')}, ${id(`n % ${projects * 3}`)} ${rows(tasks)}`,
  `INSERT INTO comments (id, task_id, author_id, body)
     SELECT ${id('n')}, ${id('n')}, ${id(`n % ${users}`)}, repeat('A remark. ', 6) ${rows(tasks)}`,
  `INSERT INTO time_entries (id, task_id, user_id, started_at, ended_at)
     SELECT ${id('n')}, ${id('n')}, ${id(`n % ${users}`)}, now() - interval '2 hours', now() - interval '1 hour' ${rows(tasks)}`,
  `INSERT INTO products (id, sku, name, price) SELECT ${id('n')}, 'SKU-' || n, 'Product ' || n, 10 * n ${rows(products)}`,
  `INSERT INTO subscriptions (id, customer_id, product_id, started_on)
     SELECT ${id('n')}, ${id('n')}, ${id(`n % ${products}`)}, current_date ${rows(customers)}`,
  `INSERT INTO invoices (id, number, customer_id, status, updated_at)
     SELECT ${id('n')}, 'I-' || n, ${id(`n % ${customers}`)}, 'SENT', now() ${rows(invoices)}`,
  `INSERT INTO invoice_lines (id, invoice_id, product_id, position, description, quantity, unit_price)
     SELECT ${id('n')}, ${id(`n % ${invoices}`)}, ${id(`n % ${products}`)}, n / ${invoices}, 'Line ' || n, 1, 10 ${rows(invoices * 3)}`,
  `INSERT INTO payments (id, invoice_id, amount, reference, received_at) SELECT ${id('n')}, ${id('n')}, 30, 'R-' || n, now() ${rows(invoices)}`,
  `INSERT INTO notifications (id, user_id, kind) SELECT ${id('n')}, ${id('n')}, 'mention' ${rows(users)}`,
  `INSERT INTO webhook_endpoints (id, url, events) VALUES (${id('0')}, 'https://example.com/hook', '{task.created}')`,
];
