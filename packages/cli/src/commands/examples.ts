/** The end of a command's help: command lines to start from, each below what it does. */
export function examples(...lines: readonly (readonly [purpose: string, commandLine: string])[]): string {
  return `\nExamples:${lines.map(([purpose, commandLine]) => `\n  # ${purpose}\n  tenantry ${commandLine}`).join('\n')}`;
}
