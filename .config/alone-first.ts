import { hash } from 'node:crypto';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Shuffles files by the run's seed. Those that have a process of their own come first: among the others, each of them would end a process
 * that these share, with all that it has loaded.
 */
export class AloneFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { seed } = this.ctx.config.sequence;
    const rank = ({ moduleId, project }: TestSpecification) =>
      `${project.config.isolate ? 'alone' : 'together'} ${hash('sha1', `${seed} ${moduleId}`)}`;
    return files.toSorted((one, other) => (rank(one) < rank(other) ? -1 : 1));
  }
}
