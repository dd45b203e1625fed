import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Parses the variables that `schema` names out of `environment`. `NAME_FILE` is read in place of `NAME` where it is set, as
 * Docker and Kubernetes mount secrets; space around a value is dropped, and an empty value counts as missing.
 *
 * @throws {ConfigError} naming every missing or malformed variable
 */
export function parseEnvironment<Shape extends z.ZodRawShape>(shape: Shape, environment: Environment): z.output<z.ZodObject<Shape>> {
  const problems: string[] = [];
  const values: Record<string, string> = {};
  for (const name of Object.keys(shape)) {
    const value = readVariable(name, environment, problems);
    if (value) values[name] = value;
  }
  const unreadable = new Set(problems.map((problem) => problem.split(/_FILE\b/)[0]));
  const result = z.object(shape).safeParse(values);
  if (result.success && problems.length === 0) return result.data;
  for (const issue of result.error?.issues ?? []) {
    const name = String(issue.path[0]);
    if (unreadable.has(name)) continue;
    problems.push(name in values ? `${name}: ${issue.message}` : `${name} is missing${describe(shape[name])}`);
  }
  throw new ConfigError(problems);
}

function readVariable(name: string, environment: Environment, problems: string[]): string | undefined {
  const file = environment[`${name}_FILE`];
  if (!file) return environment[name]?.trim();
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    problems.push(`${name}_FILE: cannot read ${file} (${error instanceof Error ? error.message : String(error)})`);
    return undefined;
  }
}

function describe(type: unknown): string {
  const description = type instanceof z.ZodType ? type.description : undefined;
  return description ? `: ${description}` : '';
}

/** Types of single variables that more than one service reads. */
export const variable = {
  port: (byDefault: number) => z.coerce.number('must be a port number').int().min(0).max(65_535).default(byDefault),
  url: (description: string, ...protocols: string[]) =>
    z
      .string()
      .refine(
        (text) => protocols.includes(URL.parse(text)?.protocol ?? ''),
        `must be a URL starting with ${protocols.map((p) => `${p}//`).join(' or ')}`,
      )
      .describe(description),
  /** A secret of at least 32 bytes, in base64. */
  key: (description: string) =>
    z
      .base64('must be base64, for example from: openssl rand -base64 32')
      .transform((text) => Buffer.from(text, 'base64'))
      .refine((key) => key.length >= 32, 'must hold at least 32 bytes: openssl rand -base64 32')
      .describe(description),
  /** `on` or `off`. */
  switch: () => z.stringbool({ truthy: ['on'], falsy: ['off'], error: 'must be "on" or "off"' }),
  /**
   * `development` switches on Sandbox, introspection, shared-secret tokens and readable logs. Whatever is not development
   * is production.
   */
  mode: () => z.enum(['development', 'production']).default('production'),
};

export type Mode = 'development' | 'production';
