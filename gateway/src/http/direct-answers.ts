import type { Logger } from '@tenantry/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLFormattedError } from 'graphql';
import type { OperationResult } from '../execution/operation-result.ts';
import { mentionsDefer } from '../operation.ts';
import type { Execution, PreparedOperation } from './execution.ts';
import type { GatewayContext } from './gateway-context.ts';
import { KnownOperations, readOperationBody, type OperationBody } from './known-operations.ts';
import type { CheckOperation } from './operation-checks.ts';
import { errorsOf, hasFault, logFaults, presentErrors } from './presented-errors.ts';
import { outcomeOf, recordOf, type AcceptedOperation } from './request-record.ts';

export interface DirectAnswersOptions {
  execution: Execution;
  check: CheckOperation;
  createContext(request: FastifyRequest, reply: FastifyReply): Promise<GatewayContext>;
  logger: Logger;
}

/**
 * The short way for operations that Apollo Server has taken in before: what it would find out about them is known, so that only what
 * depends on the request is done. Whatever is not answered by data is left to Apollo Server, with nothing executed yet.
 */
export class DirectAnswers {
  readonly #options: DirectAnswersOptions;
  readonly #known = new KnownOperations();

  constructor(options: DirectAnswersOptions) {
    this.#options = options;
    // What is known of another schema would keep it, and all that served it, in memory.
    options.execution.onSchemaChange(() => this.#known.forgetOperations());
  }

  /** @returns the body of the answer, whose head is set then; null when Apollo Server is to answer */
  async answer(request: FastifyRequest, reply: FastifyReply): Promise<string | Buffer | null> {
    const body = request.method === 'POST' ? readOperationBody(request.body) : null;
    if (!body) return null;
    const accepted = this.#known.find(body);
    const mediaType = this.#known.mediaTypeFor(request.headers.accept);
    if (!accepted || mediaType === undefined || !this.#options.execution.isCurrent(accepted.schema)) return null;
    const context = await this.#admit(accepted, body, request, reply);
    if (!context) return null;
    using prepared = await this.#prepare(accepted, context);
    if (!prepared) return null;
    const result = await prepared.executeToSend(body.variables);
    const answer = Buffer.isBuffer(result) ? writeSpliced(result, context) : this.#write(result, body, context);
    if (answer !== null) reply.header('content-type', mediaType);
    return answer;
  }

  /** Remembers what Apollo Server has just answered with data: all of it at once, as only that is answered the short way. */
  learn(request: FastifyRequest, reply: FastifyReply): void {
    const body = request.method === 'POST' ? readOperationBody(request.body) : null;
    const { accepted, outcome } = recordOf(request);
    const mediaType = reply.getHeader('content-type');
    if (reply.statusCode !== 200 || !body || !accepted || outcome !== 'ok' || typeof mediaType !== 'string') return;
    if (!this.#options.execution.isCurrent(accepted.schema) || mentionsDefer(accepted.operation.document)) return;
    this.#known.learn(body, accepted);
    this.#known.learnMediaType(request.headers.accept, mediaType);
  }

  /** Null when the request is refused: Apollo Server says how. */
  async #admit(
    { operation, schema }: AcceptedOperation,
    { variables }: OperationBody,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<GatewayContext | null> {
    try {
      const context = await this.#options.createContext(request, reply);
      this.#options.check(operation, schema, { principal: context.tenantContext.principal, variables });
      context.record.operation = operation.operation.operation;
      return context;
    } catch {
      return null;
    }
  }

  /** Null when it cannot be planned now: Apollo Server says why. */
  async #prepare(accepted: AcceptedOperation, context: GatewayContext): Promise<PreparedOperation | null> {
    try {
      return await this.#options.execution.prepare(accepted, context);
    } catch {
      return null;
    }
  }

  /** Null when nothing was executed: Apollo Server says why. */
  #write(result: OperationResult, body: OperationBody, context: GatewayContext): string | null {
    const { data } = result;
    if (data === undefined) return null;
    const errors = this.#present(result, body, context);
    return JSON.stringify(errors ? { errors, data } : { data });
  }

  /** The errors as the client is to see them, after the log has got what is in them; undefined when there are none. */
  #present(result: OperationResult, { operationName }: OperationBody, context: GatewayContext): GraphQLFormattedError[] | undefined {
    const { record, requestId } = context;
    const shown = errorsOf(result);
    if (shown.length === 0) {
      record.outcome = 'ok';
      return undefined;
    }
    logFaults(shown, { context, operationName, logger: this.#options.logger });
    const errors = presentErrors(shown, requestId);
    record.outcome = outcomeOf({ data: result.data ?? null, errors }, hasFault(shown));
    return errors;
  }
}

/** Bytes up to which Node sends an answer in one piece with its head sooner as text. */
const fewBytes = 4096;

function writeSpliced(response: Buffer, { record }: GatewayContext): string | Buffer {
  record.outcome = 'ok';
  return response.length <= fewBytes ? response.toString() : response;
}
