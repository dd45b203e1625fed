export interface PgBouncerConfig {
  port: number;
  /** The server behind it; every database of it can be asked for. */
  server: { host: string; port: number };
  /** Name and password of who may use the admin console. */
  administrator: { name: string; password: string };
  authFile: string;
  /** Of the section `[pgbouncer]`; they replace those given here. */
  settings: Readonly<Record<string, string>>;
}

/** The content of `pgbouncer.ini`. */
export function pgBouncerIni({ port, server, administrator, authFile, settings }: PgBouncerConfig): string {
  const own = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    // No socket outside of its folder.
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: authFile,
    admin_users: administrator.name,
    pool_mode: 'transaction',
    default_pool_size: '2',
    max_client_conn: '500',
  };
  const lines = Object.entries({ ...own, ...settings }).map(([name, value]) => `${name} = ${value}`);
  return ['[databases]', `* = host=${server.host} port=${server.port}`, '[pgbouncer]', ...lines, ''].join('\n');
}

/** The content of `auth_file`. */
export function authFileOf(users: Readonly<Record<string, string>>): string {
  return Object.entries(users)
    .map((entry) => entry.map((text) => `"${text.replaceAll('"', '""')}"`).join(' '))
    .join('\n');
}
