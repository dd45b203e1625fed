/** One operation with its variables, as GraphQL over HTTP has it. */
export interface BenchRequest {
  readonly query: string;
  readonly operationName: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What clients ask for, over and over. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  /** All different; drawn at random. */
  readonly requests: readonly BenchRequest[];
  /** Different tokens of each of the tenants. */
  readonly usersPerTenant: number;
}
