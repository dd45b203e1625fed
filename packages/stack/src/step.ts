/** Runs one step of a start and says how long it took. */
export async function step<Result>(name: string, run: () => Promise<Result>): Promise<Result> {
  const began = performance.now();
  const isTerminal = process.stdout.isTTY;
  if (isTerminal) process.stdout.write(`  … ${name}`);
  try {
    const result = await run();
    console.log(`${isTerminal ? '\r' : ''}  ✓ ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    return result;
  } catch (error) {
    console.log(`${isTerminal ? '\r' : ''}  ✗ ${name}`);
    throw error;
  }
}
