/** Says what a run is doing, on standard error: one changing line on a terminal, a line for each scenario elsewhere. */
export class Progress implements Disposable {
  readonly #out: NodeJS.WriteStream | null;
  #scenario = '';

  /** @param out null keeps quiet */
  constructor(out: NodeJS.WriteStream | null = process.stderr) {
    this.#out = out;
  }

  begin(name: string, title: string): void {
    this.#scenario = name;
    if (this.#out?.isTTY) this.update('…');
    else this.#out?.write(`${name}: ${title}\n`);
  }

  /** Prints a line that stays. */
  say(text: string): void {
    this.clear();
    this.#out?.write(`${text}\n`);
  }

  /** Replaces the line. */
  update(text: string): void {
    if (!this.#out?.isTTY) return;
    const line = `  ${this.#scenario === '' ? '' : `${this.#scenario}: `}${text}`;
    this.#out.write(`\r\u001b[K${line.slice(0, this.#out.columns - 1)}`);
  }

  /** Takes the line away, so that something else can be printed. */
  clear(): void {
    if (this.#out?.isTTY) this.#out.write('\r\u001b[K');
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
