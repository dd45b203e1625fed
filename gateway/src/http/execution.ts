import type { GraphQLSchema, OperationTypeNode } from 'graphql';
import { SubscribeAgainError } from '../errors.ts';
import type { PartedResult } from '../execution/deferred/execute-in-parts.ts';
import type { ExecutableOperation, OperationRequest, SubscriptionRequest } from '../execution/executable-operation.ts';
import type { OperationResult } from '../execution/operation-result.ts';
import type { Generation } from '../supergraph/generation.ts';
import type { Generations } from '../supergraph/generations.ts';
import type { SubgraphConnection } from '../transports/connect-subgraphs.ts';
import type { SubgraphClient } from '../transports/subgraph-client.ts';
import type { SubgraphOperation } from '../transports/subgraph-transport.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { AcceptedOperation } from './request-record.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** Plans and executes operations, each over the supergraph that it was validated against. */
export class Execution {
  readonly #generations: Generations<SubgraphConnection>;

  constructor(generations: Generations<SubgraphConnection>) {
    this.#generations = generations;
  }

  /** Whether requests are validated against this API schema now. */
  isCurrent(schema: GraphQLSchema): boolean {
    return this.#generations.current.schemas.api === schema;
  }

  /** Calls `listener` whenever another API schema becomes the current one. */
  onSchemaChange(listener: () => void): void {
    this.#generations.onChange(listener);
  }

  /**
   * Plans an operation, unless it is planned already, for one request.
   *
   * @throws {OperationTooComplexError} {PlannerBusyError} {PlanningError}
   */
  async prepare({ operation, schema }: AcceptedOperation, context: GatewayContext): Promise<PreparedOperation> {
    const generation = this.#generations.of(schema);
    const entered = generation.enter();
    try {
      const executable = await generation.plans.get(operation, context);
      return new PreparedOperation({ operation, executable, generation, entered, context });
    } catch (error) {
      entered[Symbol.dispose]();
      throw error;
    }
  }
}

interface PreparedOperationParts {
  readonly operation: AcceptedOperation['operation'];
  readonly executable: ExecutableOperation;
  readonly generation: Generation<SubgraphConnection>;
  readonly entered: Disposable;
  readonly context: GatewayContext;
}

/** A planned operation in the hands of one request, which keeps the operation's supergraph until it disposes of this. */
export class PreparedOperation implements Disposable {
  readonly #parts: PreparedOperationParts;

  constructor(parts: PreparedOperationParts) {
    this.#parts = parts;
  }

  async execute(variables: Variables): Promise<OperationResult> {
    return await this.#parts.executable.execute(this.#request(variables));
  }

  /** The JSON of a whole response, or a result to be presented and written. */
  async executeToSend(variables: Variables): Promise<OperationResult | Buffer> {
    return await this.#parts.executable.executeToSend(this.#request(variables));
  }

  /** Null, with nothing executed, when nothing is deferred. The result is to be read to its end before disposal. */
  executeInParts(variables: Variables): Promise<PartedResult> | null {
    return this.#parts.executable.executeInParts(this.#request(variables));
  }

  /**
   * The results of a subscription.
   *
   * @throws {SubscribeAgainError} when the supergraph of the operation is no longer served
   */
  async *subscribe(variables: Variables): AsyncIterable<OperationResult> {
    const { executable, generation, context } = this.#parts;
    const signal = AbortSignal.any([context.signal, generation.ending]);
    const subscribe: SubscriptionRequest['subscribe'] = (subgraph, operation) => {
      return this.#clientOf(subgraph).subscribe(operation, { ...context, signal });
    };
    try {
      yield* executable.subscribe({ ...this.#request(variables), subscribe });
    } catch (error) {
      throw generation.ending.aborted ? new SubscribeAgainError('The supergraph has changed: subscribe again.', { cause: error }) : error;
    }
  }

  [Symbol.dispose](): void {
    this.#parts.entered[Symbol.dispose]();
  }

  #request(variables: Variables): OperationRequest {
    const { operation, context } = this.#parts;
    const fetch = async (subgraph: string, subgraphOperation: SubgraphOperation, kind: OperationTypeNode) => {
      return await this.#clientOf(subgraph).fetch(subgraphOperation, kind, context);
    };
    return { operation: operation.operation, variables, fetch, hasBytes: (subgraph) => this.#clientOf(subgraph).hasBytes };
  }

  #clientOf(subgraph: string): SubgraphClient {
    const connection = this.#parts.generation.subgraphs.get(subgraph);
    if (!connection) throw new RangeError(`The supergraph has no subgraph ${subgraph}.`);
    return connection.client;
  }
}
