import { LeaseEndedError, LeaseRevokedError, TenantBusyError, TenantSuspendedError, TenantUnavailableError } from '../errors.ts';
import type { Texts } from './attempt.ts';

/** How an operation may fail whose lease was refused, returned, revoked or given up. */
const expected = [LeaseEndedError, LeaseRevokedError, TenantBusyError, TenantSuspendedError, TenantUnavailableError];

/** Findings kept word for word. */
const kept = 20;

class Findings {
  readonly first: string[] = [];
  count = 0;

  add(finding: string): void {
    this.count += 1;
    if (this.first.length < kept) this.first.push(finding);
  }
}

/** What came out of a run. */
export class FuzzReport {
  /** Operations begun. */
  operations = 0;
  /** Answers of which every text bore the right mark. */
  right = 0;
  /** Answers with a text of another tenant, or without one. */
  readonly wrong = new Findings();
  /** Failures that nothing in the run explains. */
  readonly unexpected = new Findings();
  /** Operations cut short as they may be, by the error's name. */
  readonly cut = new Map<string, number>();
  /** Right answers by operation. */
  readonly rightOf = new Map<string, number>();

  get isClean(): boolean {
    return this.wrong.count === 0 && this.unexpected.count === 0;
  }

  judge(name: string, mark: string, texts: Texts): void {
    if (texts.length === 0 || !texts.every((text) => text?.includes(mark))) {
      this.wrong.add(`${name} of ${mark} got ${JSON.stringify(texts)}`);
      return;
    }
    this.right += 1;
    this.rightOf.set(name, (this.rightOf.get(name) ?? 0) + 1);
  }

  fail(name: string, mark: string, error: unknown): void {
    if (error instanceof Error && (error.name === 'AbortError' || expected.some((type) => error instanceof type))) {
      this.cut.set(error.name, (this.cut.get(error.name) ?? 0) + 1);
    } else {
      this.unexpected.add(`${name} of ${mark} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
}
